"""Cells of a sheet as the text that stands in a workbook's file. Used by `sheet`."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from html import escape
from typing import Final

from streamer.exchange.reports.words import clean

Value = str | int | float | bool | Decimal | date | datetime | None
"""What a cell holds; None and no text = nothing."""

# Excel's own limit.
_LONGEST_TEXT: Final = 32_767
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
# Excel counts from here, as it takes 1900 for a leap year; it holds for all days from March 1900.
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - a cell has no time zone
# Most texts of a report stand in it again and again; references and ids don't.
_REMEMBERED: Final = 4096


def inert(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, not even when it is saved as CSV."""
    text = clean(text)[: _LONGEST_TEXT - 1]
    return "'" + text if text.startswith(_FORMULA) else text


def text_cell(place: str, text: str) -> str:
    """Return a cell with a text that does nothing; `place` is such as B7."""
    return f'<c r="{place}" t="inlineStr">{_text(text)}</c>'


def number_cell(
    place: str, style: str, value: int | float | bool | Decimal | date | datetime
) -> str:
    """Return a cell with a number or a moment, which is days since 1900.

    Args:
        place: Such as B7.
        style: The attribute that says how it looks.
        value: Naive, if it is a moment.
    """
    if isinstance(value, date):
        return f'<c r="{place}"{style}><v>{_days(value)}</v></c>'
    if isinstance(value, bool):
        return f'<c r="{place}"{style} t="b"><v>{value:d}</v></c>'
    return f'<c r="{place}"{style}><v>{value}</v></c>'


@lru_cache(_REMEMBERED)
def _text(text: str) -> str:
    shown = inert(text)
    kept = "" if shown == shown.strip() else ' xml:space="preserve"'
    return f"<is><t{kept}>{escape(shown, quote=False)}</t></is>"


@lru_cache(_REMEMBERED)
def _days(moment: date) -> str:
    if not isinstance(moment, datetime):
        return str((moment - _EPOCH.date()).days)
    since = moment - _EPOCH
    return repr(since.days + (since.seconds + since.microseconds / 1e6) / 86_400)
