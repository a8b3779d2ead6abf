"""What is said of a job that fails, and when it counts as overdue."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from streamer.domain.job_run import JobRun
from streamer.jobs.job_health import judge
from streamer.jobs.site_times import SiteTimes

ZONE = ZoneInfo("Asia/Almaty")
TIMES = SiteTimes("30 3 * * *", ZONE)
# 03:30 in Almaty.
DUE = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
DAY = timedelta(days=1)
NOON = DUE + timedelta(hours=8)


def run(days_ago: int, state: str, error: str | None = None) -> JobRun:
    due = DUE - days_ago * DAY
    return JobRun(
        *("retention", f"{due.astimezone(ZONE):%Y-%m-%d}", due, state),
        attempts=0 if state == "done" else 5,
        started_at=due,
        ended_at=None,
        next_try_at=None,
        lease_until=None,
        outcome=None,
        error=error,
    )


def test_a_job_that_is_done_or_never_ran_is_nothing_to_speak_of() -> None:
    for runs in ([], [run(0, "done")], [run(1, "done"), run(0, "running")]):
        health = judge("retention", TIMES, runs, NOON)
        assert (health.notices, health.overdue) == ((), None)


@pytest.mark.parametrize(
    ("state", "words"), [("failed", "given up (no login); "), ("waiting", "failed 5 times (no lo")]
)
def test_a_failure_is_said_before_it_counts_as_overdue(state: str, words: str) -> None:
    health = judge("retention", TIMES, [run(1, "done"), run(0, state, "no login")], NOON)
    assert health.overdue is None
    (notice,) = health.notices
    assert notice.startswith(f"job retention, period 2026-11-23: {words}")


@pytest.mark.parametrize(("missed", "bad"), [(1, False), (2, False), (3, True), (30, True)])
def test_more_than_two_missed_periods_are_overdue(missed: int, bad: bool) -> None:
    failed = [run(ago, "failed", "no login") for ago in range(min(missed, 11))]
    for runs in ([*failed, run(missed, "done")], [run(missed, "done")]):
        overdue = judge("retention", TIMES, runs, NOON).overdue
        assert (overdue is not None) == bad
        if overdue is not None:
            assert f"due {missed} times since" in overdue


def test_one_that_was_never_done_counts_from_its_first_time() -> None:
    runs = [run(ago, "failed", "no login") for ago in range(3)]
    assert "never done, due 3 times since" in str(judge("retention", TIMES, runs, NOON).overdue)
    assert judge("retention", TIMES, runs[:2], NOON).overdue is None


def test_whoever_catches_up_is_given_time() -> None:
    standstill = run(9, "done")
    assert judge("retention", TIMES, [standstill, run(0, "running")], NOON).overdue is None
    # What is due just now is being begun.
    just = DUE + timedelta(minutes=1)
    assert judge("retention", TIMES, [run(3, "done")], just).overdue is None


def test_one_that_is_late_is_said_before_it_is_overdue() -> None:
    (notice,) = judge("retention", TIMES, [run(1, "done")], NOON).notices
    assert notice == "job retention: last done for 2026-11-22, due once since; it is late"


@pytest.mark.parametrize(
    ("days", "notices", "overdue"), [(0.1, 0, False), (0.5, 1, False), (2.5, 0, True)]
)
def test_one_that_never_ran_counts_from_when_the_site_began(
    days: float, notices: int, overdue: bool
) -> None:
    health = judge("retention", TIMES, [], NOON, since=NOON - days * DAY)
    assert (len(health.notices), health.overdue is not None) == (notices, overdue)
    for said in (*health.notices, health.overdue or ""):
        assert said == "" or said.startswith("job retention: never ran, due ")
