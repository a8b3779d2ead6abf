"""Until when a seen patient leaves a presence: closing times, holidays, days of 23 or 25 hours."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.domain.presence_window import PresenceWindow, closing_times

ALMATY, BERLIN = ZoneInfo("Asia/Almaty"), ZoneInfo("Europe/Berlin")
HOURS = closing_times({"mon-fri": "08:00-18:00", "sat": "09:00-14:00"})


def window(zone: ZoneInfo = ALMATY, **more: object) -> PresenceWindow:
    values: dict[str, object] = {
        "at_least_after": timedelta(minutes=30),
        "zone": zone,
        "closes": HOURS,
        "holidays": frozenset({date(2026, 12, 16)}),
    }
    return PresenceWindow(**(values | more))  # type: ignore[arg-type]


def local(text: str, zone: ZoneInfo = ALMATY) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ({}, {}),
        ({"mon": "08:00-18:00"}, {0: time(18)}),
        ({"sat-mon": "08:00-12:00"}, {5: time(12), 6: time(12), 0: time(12)}),
        ({"mon-tue": "08:00-18:00", "tue": "08:00-20:00"}, {0: time(18), 1: time(20)}),
        ({"mon-sun": "00:00-23:59"}, dict.fromkeys(range(7), time(23, 59))),
    ],
)
def test_closing_times(hours: dict[str, str], expected: dict[int, time]) -> None:
    assert closing_times(hours) == expected


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        ("2026-11-23T10:00", "2026-11-23T18:00"),
        ("2026-11-28T10:00", "2026-11-28T14:00"),
        # Sunday and the holiday have no hours: four hours after the start.
        ("2026-11-29T10:00", "2026-11-29T14:00"),
        ("2026-12-16T10:00", "2026-12-16T14:00"),
        ("2026-11-29T22:00", "2026-11-30T02:00"),
        # Shortly before closing, and after it: never before the arrival window's end.
        ("2026-11-23T17:50", "2026-11-23T18:20"),
        ("2026-11-23T20:00", "2026-11-23T20:30"),
        ("2028-02-29T10:00", "2028-02-29T18:00"),
    ],
)
def test_when_it_closes(starts: str, ends: str) -> None:
    assert window().ends(local(starts)) == local(ends)


@pytest.mark.parametrize(
    ("zone", "day", "utc"),
    [
        (BERLIN, "2026-03-27", "17:00"),
        (BERLIN, "2026-03-30", "16:00"),
        (BERLIN, "2026-10-26", "17:00"),
        (ZoneInfo("America/New_York"), "2026-11-23", "23:00"),
        (ZoneInfo("Asia/Tokyo"), "2026-11-23", "09:00"),
    ],
)
def test_the_clock_on_the_wall_counts(zone: ZoneInfo, day: str, utc: str) -> None:
    closing = window(zone).closing(date.fromisoformat(day))
    assert closing == datetime.fromisoformat(f"{day}T{utc}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("closes", "utc"),
    [
        # 02:30 comes twice: the first one; and on the other day never: the clocks jump over it.
        (("2026-10-25", "02:30"), "00:30"),
        (("2026-03-29", "02:30"), "01:30"),
    ],
)
def test_a_closing_time_while_the_clocks_change(closes: tuple[str, str], utc: str) -> None:
    day, at = closes
    night = window(BERLIN, closes=closing_times({"sun": f"00:00-{at}"}))
    expected = datetime.fromisoformat(f"{day}T{utc}").replace(tzinfo=UTC)
    assert night.closing(date.fromisoformat(day)) == expected


def test_its_ends_are_half_open() -> None:
    starts = local("2026-11-23T15:00")
    tick = timedelta(microseconds=1)
    opens, closes = local("2026-11-23T11:00"), local("2026-11-23T18:00")
    asked = (opens - tick, opens, closes - tick, closes)
    assert [window().is_open(starts, at) for at in asked] == [False, True, True, False]


WINDOWS = st.builds(
    PresenceWindow,
    before=st.sampled_from([timedelta(0), timedelta(hours=4), timedelta(hours=24)]),
    after=st.sampled_from([timedelta(minutes=30), timedelta(hours=4), timedelta(hours=24)]),
    at_least_after=st.sampled_from([timedelta(0), timedelta(minutes=30), timedelta(hours=24)]),
    zone=st.sampled_from([ALMATY, BERLIN, ZoneInfo("America/St_Johns")]),
    closes=st.sampled_from([closing_times({}), HOURS, closing_times({"sat-mon": "00:00-02:30"})]),
    holidays=st.sampled_from([frozenset[date](), frozenset({date(2026, 10, 24)})]),
)


@given(
    WINDOWS,
    st.timedeltas(timedelta(0), timedelta(days=6)),
    st.integers(-4000, 4000),
    st.sampled_from([-1, 0, 1]),
)
def test_the_ranges_of_starts_are_those_of_open_windows(
    one: PresenceWindow, moment: timedelta, minutes: int, ticks: int
) -> None:
    now = datetime(2026, 10, 22, tzinfo=UTC) + moment
    starts_at = now + timedelta(minutes=minutes, microseconds=ticks)
    ranges = one.open_starts(now)
    assert any(begin <= starts_at < end for begin, end in ranges) == one.is_open(starts_at, now)
    edges = [moment for both in ranges for moment in both]
    assert edges == sorted(set(edges)), "apart and in order"
