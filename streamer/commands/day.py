"""The `--date` option of the listings."""

from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from streamer.errors import InputError

DateOption = Annotated[
    str, typer.Option("--date", help="today, yesterday, tomorrow, or such as 2026-12-16.")
]
_NEAR = {"yesterday": -1, "today": 0, "tomorrow": 1}


def day_of(text: str, zone: ZoneInfo) -> date:
    """The site's day that the option names.

    Raises:
        InputError: It is no date.
    """
    if text in _NEAR:
        return datetime.now(zone).date() + timedelta(days=_NEAR[text])
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"--date {text}: no date; write today, yesterday, tomorrow, or such as 2026-12-16"
        ) from error
