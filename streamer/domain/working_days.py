"""By when something is due that the law gives working days for. Pure."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

_WEEKEND: Final = (5, 6)
_EVENING: Final = time(18, 0)


def is_working(day: date, holidays: Collection[date]) -> bool:
    """Is it neither Saturday, Sunday nor one of the holidays?"""
    return day.weekday() not in _WEEKEND and day not in holidays


def one_working_day_after(found_at: datetime, holidays: Collection[date], zone: tzinfo) -> datetime:
    """Return when one working day from a moment is over, counted strictly.

    From a moment of a working day it is the same time on the next one; from a day off, the evening
    of the next working day. A longer reading may be lawful; a shorter one can't be.

    Args:
        found_at: Aware.
        holidays: Days off besides Saturdays and Sundays.
        zone: Whose days.

    Returns:
        Aware, in `zone`.
    """
    local = found_at.astimezone(zone)
    day = local.date() + timedelta(days=1)
    while not is_working(day, holidays):
        day += timedelta(days=1)
    at = local.timetz().replace(tzinfo=None) if is_working(local.date(), holidays) else _EVENING
    return datetime.combine(day, at, tzinfo=zone)
