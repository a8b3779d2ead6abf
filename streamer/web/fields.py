"""What fields of requests are made of: bounded, and without characters that mean nothing."""

from datetime import date, datetime
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

_YEARS: Final = range(1900, 2200)
Dated = TypeVar("Dated", bound=date)


def _of_our_times(value: Dated) -> Dated:
    if value.year not in _YEARS:
        raise ValueError("give a year from 1900 to 2199")
    return value


Reference = Annotated[
    str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\s\x00-\x1f\x7f]+$")
]
"""Of another system: 1 to 128 characters without blanks, as in the imports."""

Named = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""A camera, a device, a building: as in the settings."""

Label = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
"""Of the imports: a room, for instance."""

Note = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
"""One line that somebody writes down, and that is kept."""

BLANK_IS_NONE: Final = BeforeValidator(lambda value: None if value == "" else value)
"""A form sends a choice that says "any" as an empty text."""

Day = Annotated[date, AfterValidator(_of_our_times), Field(examples=["2026-11-23"])]
"""Of the site, from 1900 to 2199."""

Moment = Annotated[
    datetime, AfterValidator(_of_our_times), Field(examples=["2026-11-23T09:00:00+05:00"])
]
"""From 1900 to 2199; without an offset it is the site's."""
