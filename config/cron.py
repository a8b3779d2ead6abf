"""Checks a cron line: five fields, as `jobs.site_times` reads them. Used by other files here."""

from typing import Final

_FIELDS: Final = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 6),
)
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EXAMPLE: Final = "write for example 30 6 * * mon (minute, hour, day, month, day of the week)"
# A line is due once a day at the most: whoever looks back over months meets few moments.
_NUMBERS: Final = ("minute", "hour")


def checked_cron(line: str) -> str:
    """Return the line with single blanks.

    Raises:
        ValueError: It can't be read; says which field and what one looks like.
    """
    parts = line.lower().split()
    if len(parts) != len(_FIELDS):
        raise ValueError(f"{line!r} has {len(parts)} fields and not five; {_EXAMPLE}")
    for part, (name, least, most) in zip(parts, _FIELDS, strict=True):
        if name in _NUMBERS and not (part.isascii() and part.isdigit()):
            raise ValueError(f"{line!r}: the {name} must be one number; {_EXAMPLE}")
        for one in part.split(","):
            if not _is_item(one, least, most):
                raise ValueError(f"{line!r}: {one!r} is no {name}; {_EXAMPLE}")
    return " ".join(parts)


def _is_item(item: str, least: int, most: int) -> bool:
    span, slash, step = item.partition("/")
    if slash and not (step.isascii() and step.isdigit() and int(step) > 0):
        return False
    if span == "*":
        return True
    first, dash, last = span.partition("-")
    low = _number(first, most)
    high = _number(last, most) if dash else low
    if slash and not dash:
        return False
    return low is not None and high is not None and least <= low <= high <= most


def _number(text: str, most: int) -> int | None:
    if most == len(_DAYS) - 1 and text in _DAYS:
        return _DAYS.index(text)
    return int(text) if text.isascii() and text.isdigit() else None
