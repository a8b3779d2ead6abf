"""When jobs are due: every day once, whatever the clocks of the site do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from streamer.jobs.site_times import SiteTimes, SiteTrigger

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTLY = "30 2 * * *"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "zone", "start", "expected"),
    [
        # Kazakhstan: no summer time.
        (NIGHTLY, "Asia/Almaty", "2026-11-29T22:00", ["2026-11-30T21:30", "2026-12-01T21:30"]),
        # 02:30 does not exist on 29 March: it is an hour later on the wall, as ever in UTC.
        (NIGHTLY, "Europe/Berlin", "2026-03-28T02:00", ["2026-03-29T01:30", "2026-03-30T00:30"]),
        # It comes twice on 25 October and counts once, the first time.
        (NIGHTLY, "Europe/Berlin", "2026-10-24T02:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        # Within the hour that comes again, the next one is tomorrow.
        (NIGHTLY, "Europe/Berlin", "2026-10-25T01:10", ["2026-10-26T01:30", "2026-10-27T01:30"]),
        # Clocks that go by half an hour.
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-03T00:00",
            ["2026-10-03T15:45", "2026-10-04T15:15"],
        ),
        ("0 6 1 * *", "Asia/Almaty", "2026-11-29T22:00", ["2026-12-01T01:00", "2027-01-01T01:00"]),
        (
            "0 6 * * mon",
            "Asia/Almaty",
            "2026-11-29T22:00",
            ["2026-11-30T01:00", "2026-12-07T01:00"],
        ),
    ],
)
def test_due_moments(cron: str, zone: str, start: str, expected: list[str]) -> None:
    times = SiteTimes(cron, ZoneInfo(zone))
    first = times.next_after(at(start))
    assert first is not None
    assert [first, times.next_after(first)] == [at(one) for one in expected]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Almaty", "America/St_Johns"])
@pytest.mark.parametrize("cron", [NIGHTLY, "0 0 * * *", "59 1 * * *"])
def test_each_day_of_a_year_once(zone: str, cron: str) -> None:
    where = ZoneInfo(zone)
    start = datetime(2026, 1, 1, tzinfo=where).astimezone(UTC) - timedelta(seconds=1)
    end = datetime(2026, 12, 31, 23, 59, tzinfo=where).astimezone(UTC)
    moments = SiteTimes(cron, where).between(start, end)
    days = [one.astimezone(where).date() for one in moments]
    assert len(days) == len(set(days)) == 365


def test_the_trigger_goes_on_through_the_hour_that_comes_twice() -> None:
    """APScheduler's own would name that hour for ever."""
    trigger = SiteTrigger(SiteTimes(NIGHTLY, BERLIN))
    now = at("2026-10-25T01:45")
    due = trigger.get_next_fire_time(at("2026-10-25T00:30"), now)
    assert due == at("2026-10-26T01:30")


def test_a_clock_that_went_back_fires_nothing_before_the_last_one() -> None:
    trigger = SiteTrigger(SiteTimes(NIGHTLY, BERLIN))
    assert trigger.get_next_fire_time(at("2026-11-10T01:30"), at("2026-11-01T00:00")) == at(
        "2026-11-11T01:30"
    )


@pytest.mark.parametrize("cron", ["", "30 2 * *", "61 2 * * *", "30 2 * * * *"])
def test_a_line_that_cannot_be_read(cron: str) -> None:
    with pytest.raises(ValueError):
        SiteTimes(cron, BERLIN)
