"""One sheet of a workbook, written row by row: typed columns, a filter, a frozen header."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from streamer.exchange.reports.words import clean

Value = str | int | float | bool | Decimal | date | datetime | None
"""What a cell holds; None and no text = nothing."""

# Excel's own limits.
ROWS_OF_A_SHEET: Final = 1_048_576
_LONGEST_TEXT: Final = 32_767
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_HEADER: Final = {"bold": True, "bg_color": "#DDE6E3", "text_wrap": True, "valign": "top"}


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """What a column is called, how wide it is, and how its values look.

    Attributes:
        form: An Excel number format; None = text.
    """

    title: str
    width: int = 14
    form: str | None = None


COUNT: Final = "#,##0"
SHARE: Final = "0.0%"
CHANCE: Final = "0.0000"
MONEY: Final = "#,##0.00"
MOMENT: Final = "yyyy-mm-dd hh:mm"
DAY: Final = "yyyy-mm-dd"


def inert(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, not even when it is saved as CSV."""
    text = clean(text)[: _LONGEST_TEXT - 1]
    return "'" + text if text.startswith(_FORMULA) else text


class Sheet:
    """Goes on in another sheet of the same kind where Excel's rows don't suffice."""

    def __init__(self, book: Workbook, title: str, columns: Sequence[SheetColumn]) -> None:
        """Begin it with its header."""
        self._book, self._title, self._columns = book, title, columns
        self._forms = [self._form(column) for column in columns]
        self._header = book.add_format(_HEADER)
        self._count = 0
        self._begin()

    def _form(self, column: SheetColumn) -> Format | None:
        return None if column.form is None else self._book.add_format({"num_format": column.form})

    def _begin(self) -> None:
        self._count += 1
        name = self._title if self._count == 1 else f"{self._title} {self._count}"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, column.width)
            self._sheet.write_string(0, place, inert(column.title), self._header)
        self._rows = 1

    def add(self, values: Sequence[Value]) -> None:
        """Write a row: a value for each column; aware moments are not taken."""
        if self._rows == ROWS_OF_A_SHEET:
            self.close()
            self._begin()
        sheet, row = self._sheet, self._rows
        for place, (value, form) in enumerate(zip(values, self._forms, strict=True)):
            if value is None or value == "":
                continue
            # Named by its kind: XlsxWriter would otherwise look into each value for itself.
            if isinstance(value, str):
                sheet.write_string(row, place, inert(value))
            elif isinstance(value, datetime):
                sheet.write_datetime(row, place, value, form)
            elif isinstance(value, date):
                sheet.write_datetime(row, place, datetime.combine(value, time.min), form)
            elif isinstance(value, bool):
                sheet.write_boolean(row, place, value, form)
            else:
                sheet.write_number(row, place, float(value), form)
        self._rows += 1

    def close(self) -> None:
        """Let the filter reach as far as there are rows."""
        self._sheet.autofilter(0, 0, self._rows - 1, len(self._columns) - 1)
