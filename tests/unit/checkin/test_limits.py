"""How often codes may be guessed: the rule by tables, and what it lets through in all."""

from datetime import UTC, datetime, timedelta

import pytest

from streamer.checkin.codes.limits import Limits, Tally, count, most_evaluated

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
DAY_END = NOW + timedelta(hours=15)
LIMITS = Limits()


def at_level(level: float, today: int = 0) -> Tally:
    return Tally(level, today, NOW, NOW)


@pytest.mark.parametrize(
    ("failures", "wait_s"),
    [
        (0, 0),
        (8, 0),
        (9, 0),
        (10, 1),
        (11, 2),
        (12, 4),
        (16, 64),
        (21, 2048),
        (22, 3600),
        (28, 3600),
    ],
)
def test_the_wait_after_so_many_failures(failures: int, wait_s: float) -> None:
    counted = count(at_level(failures), LIMITS, NOW, DAY_END, strict=False)
    assert counted is not None
    assert max(counted.blocked_until, NOW) == NOW + timedelta(seconds=wait_s)


@pytest.mark.parametrize(
    ("failures", "wait_s"), [(0, 0), (1, 60), (2, 120), (3, 240), (7, 3600), (20, 3600)]
)
def test_while_the_site_is_guessed_at_who_failed_waits_sooner(failures: int, wait_s: float) -> None:
    counted = count(at_level(failures), LIMITS, NOW, DAY_END, strict=True)
    assert counted is not None
    assert max(counted.blocked_until, NOW) == NOW + timedelta(seconds=wait_s)


def test_while_a_device_waits_nothing_is_evaluated_or_counted() -> None:
    tally = Tally(11, 11, NOW, NOW + timedelta(seconds=1))
    assert count(tally, LIMITS, NOW + timedelta(seconds=0.9), DAY_END, strict=False) is None
    assert count(tally, LIMITS, NOW + timedelta(seconds=1), DAY_END, strict=False) is not None


def test_failures_are_forgiven_one_by_one() -> None:
    later = NOW + timedelta(seconds=3 * LIMITS.forgive_s)
    counted = count(at_level(12), LIMITS, later, DAY_END, strict=False)
    assert counted is not None
    assert counted.level == pytest.approx(10)
    assert counted.blocked_until < later
    unforgiven = count(at_level(12), LIMITS, later, DAY_END, strict=True)
    assert unforgiven is not None
    assert unforgiven.level == pytest.approx(13)


def test_a_clock_that_goes_back_forgives_nothing() -> None:
    tally = Tally(5, 5, NOW + timedelta(hours=1), NOW)
    counted = count(tally, LIMITS, NOW, DAY_END, strict=False)
    assert counted is not None
    assert counted.level == pytest.approx(6)


def test_a_days_failures_end_the_day_for_the_device() -> None:
    counted = count(at_level(0, today=LIMITS.day - 1), LIMITS, NOW, DAY_END, strict=False)
    assert counted is not None
    assert counted.blocked_until == DAY_END


@pytest.mark.parametrize(
    ("devices", "seconds", "evaluated"),
    [
        # Docs quote these: 10,000 attempts, one a second; a working day; 24 hours.
        (1, 10_000, 26),
        (1, 36_000, 30),
        (1, 86_400, 30),
        (5, 10_000, 75),
        (5, 36_000, 110),
        (5, 86_400, 150),
    ],
)
def test_how_many_guesses_are_evaluated_in_all(
    devices: int, seconds: float, evaluated: int
) -> None:
    assert most_evaluated(LIMITS, devices, seconds) == evaluated
