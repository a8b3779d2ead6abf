"""The `--date` option of the listings, and others that name days."""

from datetime import date, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer

from streamer.errors import InputError

DateOption = Annotated[
    str, typer.Option("--date", help="today, yesterday, tomorrow, or such as 2026-12-16.")
]
_NEAR: Final = {"yesterday": -1, "today": 0, "tomorrow": 1}
# Beyond them a day of some time zone has no beginning or no end.
_YEARS: Final = range(1900, 2200)


def day_of(text: str, zone: ZoneInfo, option: str = "--date") -> date:
    """The site's day that an option names.

    Raises:
        InputError: It is no date, or of another age.
    """
    if text in _NEAR:
        return datetime.now(zone).date() + timedelta(days=_NEAR[text])
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"{option} {text}: no date; write today, yesterday, tomorrow, or such as 2026-12-16"
        ) from error
    if day.year not in _YEARS:
        raise InputError(f"{option} {text}: give a year from {_YEARS[0]} to {_YEARS[-1]}")
    return day
