"""One sheet of a workbook, written row by row: typed columns, a filter, a frozen header."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from streamer.exchange.reports.sheet_cell import Value, number_cell, text_cell
from streamer.exchange.reports.workbook_file import WorkbookFile

# Excel's own limits.
ROWS_OF_A_SHEET: Final = 1_048_576
_HEADER: Final = PatternFill("solid", fgColor="DDE6E3")


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
MONEY: Final = "#,##0.00"
MOMENT: Final = "yyyy-mm-dd hh:mm"
DAY: Final = "yyyy-mm-dd"


class Sheet:
    """Goes on in another sheet of the same kind where Excel's rows don't suffice."""

    def __init__(self, book: WorkbookFile, title: str, columns: Sequence[SheetColumn]) -> None:
        """Begin it with its header."""
        self._book, self._title, self._columns = book, title, columns
        self._count = 0
        self._begin()

    def _begin(self) -> None:
        self._count += 1
        name = self._title if self._count == 1 else f"{self._title} {self._count}"
        self._sheet = sheet = self._book.create_sheet(name)
        # Everything that stands before the rows has to be known before the first of them.
        sheet.freeze_panes = "A2"
        for place, column in enumerate(self._columns, 1):
            sheet.column_dimensions[get_column_letter(place)].width = column.width
        header = []
        for column in self._columns:
            cell = WriteOnlyCell(sheet, value=column.title)
            cell.font, cell.fill = Font(bold=True), _HEADER
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            header.append(cell)
        sheet.append(header)
        self._rows = 1
        self._file = self._book.rows_after(sheet)
        self._cells = [
            (get_column_letter(place), self._style(column))
            for place, column in enumerate(self._columns, 1)
        ]

    def _style(self, column: SheetColumn) -> str:
        """The number that the workbook has for a column's form."""
        if column.form is None:
            return ""
        cell = WriteOnlyCell(self._sheet)
        cell.number_format = column.form
        return f' s="{cell.style_id}"'

    def add(self, values: Sequence[Value]) -> None:
        """Write a row: a value for each column; aware moments are not taken."""
        if self._rows == ROWS_OF_A_SHEET:
            self.close()
            self._begin()
        self._rows += 1
        row = self._rows
        cells = [
            text_cell(f"{letter}{row}", value)
            if isinstance(value, str)
            else number_cell(f"{letter}{row}", style, value)
            for (letter, style), value in zip(self._cells, values, strict=True)
            if value is not None and value != ""
        ]
        self._file.write(f'<row r="{row}">{"".join(cells)}</row>'.encode())

    def close(self) -> None:
        """Let the filter reach as far as there are rows."""
        last = get_column_letter(len(self._columns))
        self._sheet.auto_filter.ref = f"A1:{last}{self._rows}"
