"""By when an authority has to be told: one working day, counted strictly."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from streamer.domain.working_days import is_working, one_working_day_after

ALMATY = ZoneInfo("Asia/Almaty")
HOLIDAYS = (date(2026, 12, 16), date(2026, 12, 17))


@pytest.mark.parametrize(
    ("found", "due"),
    [
        # From Monday to Tuesday; in the night as well.
        ("2026-11-23T10:15", "2026-11-24T10:15"),
        ("2026-11-23T23:59", "2026-11-24T23:59"),
        # Over a weekend.
        ("2026-11-27T10:15", "2026-11-30T10:15"),
        # Found on a day off: the evening of the first working day.
        ("2026-11-28T03:00", "2026-11-30T18:00"),
        ("2026-11-29T23:00", "2026-11-30T18:00"),
        # Over holidays, and over holidays and a weekend.
        ("2026-12-15T09:00", "2026-12-18T09:00"),
        ("2026-12-16T09:00", "2026-12-18T18:00"),
        ("2026-12-18T09:00", "2026-12-21T09:00"),
    ],
)
def test_one_working_day(found: str, due: str) -> None:
    moment = datetime.fromisoformat(found).replace(tzinfo=ALMATY)
    expected = datetime.fromisoformat(due).replace(tzinfo=ALMATY)
    assert one_working_day_after(moment, HOLIDAYS, ALMATY) == expected
    assert one_working_day_after(moment.astimezone(ZoneInfo("UTC")), HOLIDAYS, ALMATY) == expected


def test_the_days_are_the_sites() -> None:
    # Sunday evening in UTC is Monday in Almaty.
    found = datetime(2026, 11, 29, 20, 0, tzinfo=ZoneInfo("UTC"))
    assert one_working_day_after(found, (), ALMATY).date() == date(2026, 12, 1)


def test_days_off() -> None:
    assert not is_working(date(2026, 11, 28), ())
    assert not is_working(date(2026, 12, 16), HOLIDAYS)
    assert is_working(date(2026, 12, 18), HOLIDAYS)
