"""Parses single cells. Every function takes a row and a column and raises InputError for the cell.

No message repeats the cell: after a shifted column any cell may hold a name or an identity number.
"""

import re
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from typing import TypeVar

from streamer.exchange.csv_table import CsvRow

Code = TypeVar("Code", bound=StrEnum)

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d{1,6})?)?( ?([Zz]|[+-]\d{2}(:?\d{2})?))?"
)
_YES = frozenset({"true", "1", "yes"})
_NO = frozenset({"false", "0", "no"})
_REF = re.compile(r"\S{1,128}")
# Beyond these years PostgreSQL, UTC conversion or common sense gives up.
_YEARS = range(1900, 2200)


def reference(row: CsvRow, column: str) -> str:
    """Return a reference of another system: 1 to 128 characters without blanks."""
    cell = row.cell(column)
    if not _REF.fullmatch(cell):
        raise row.error(column, "is no reference; use up to 128 characters without blanks")
    return cell


def text(row: CsvRow, column: str) -> str | None:
    """Return the cell, None where it is empty."""
    return row.cell(column) or None


def boolean(row: CsvRow, column: str) -> bool:
    """Return true/false, 1/0 or yes/no in any case; empty is false."""
    cell = row.cell(column).lower()
    if cell in _YES:
        return True
    if not cell or cell in _NO:
        return False
    raise row.error(column, "is neither true nor false; write one of them")


def code(row: CsvRow, column: str, codes: type[Code], default: Code | None = None) -> Code:
    """Return one of an enumeration's values."""
    cell = row.cell(column)
    if not cell and default is not None:
        return default
    try:
        return codes(cell.lower())
    except ValueError:
        known = ", ".join(one.value for one in codes)
        raise row.error(column, f"is none of {known}; write one of them") from None


def day(row: CsvRow, column: str) -> date | None:
    """Return a calendar date, None where the cell is empty."""
    cell = row.cell(column)
    if not cell:
        return None
    try:
        found = date.fromisoformat(cell) if _DATE.fullmatch(cell) else None
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        raise row.error(column, "is no date; write YYYY-MM-DD, for example 2026-03-31")
    return found


def moment(row: CsvRow, column: str, zone: tzinfo) -> datetime | None:
    """Return an instant in UTC, None where the cell is empty.

    A time without an offset is the site's. Where the site's clocks leave it out or show it twice,
    it must have an offset: guessing would move a visit by an hour.
    """
    cell = row.cell(column)
    if not cell:
        return None
    try:
        found = datetime.fromisoformat(_for_python(cell)) if _DATE_TIME.fullmatch(cell) else None
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        raise row.error(
            column,
            "is no ISO 8601 time; write for example 2026-03-31T09:30 or 2026-03-31T09:30+05:00",
        )
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    early, late = (found.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early == late:
        return early
    exists = early.astimezone(zone).replace(tzinfo=None) == found
    problem = "happens twice" if exists else "does not exist"
    raise row.error(
        column, f"this local time {problem} (the clocks change); write it with its offset from UTC"
    )


def _for_python(cell: str) -> str:
    # ISO 8601 allows a decimal comma; the blank before an offset is what spreadsheets make of it.
    head, tail = cell[:10], cell[11:].replace(" ", "").replace(",", ".").upper()
    return f"{head}T{tail}"
