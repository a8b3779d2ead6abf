"""Reads a CSV file into rows of named cells, refusing whatever is not exactly a table.

Used by the readers of one kind of file each. Errors name file, line, column and remedy; they repeat
no cell, since any cell may hold a name or an identity number.
"""

import csv
import difflib
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from streamer.errors import InputError

# A year of a large polyclinic's appointments fits several times.
MAX_BYTES = 256 * 1024 * 1024
MAX_CELL = 4096


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns a kind of file may have.

    Attributes:
        required: Must be in the header, and filled in every row.
        optional: May be absent or empty.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Every column there is."""
        return self.required + self.optional


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: cells without surrounding blanks, in Unicode's NFC form."""

    source: str
    line: int
    cells: dict[str, str]

    def cell(self, column: str) -> str:
        """Return the cell, empty where the file lacks the column."""
        return self.cells.get(column, "")

    def where(self, column: str) -> str:
        """Say where a cell stands."""
        return f"{self.source} line {self.line}, column {column}"

    def error(self, column: str, problem: str) -> InputError:
        """Make the error for a cell of this row; `problem` must not repeat the cell."""
        return InputError(f"{self.where(column)}: {problem}")


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A whole file."""

    source: str
    header: tuple[str, ...]
    rows: tuple[CsvRow, ...]

    def refuse_repeated(self, column: str) -> None:
        """Raise InputError where two rows have the same cell in a column."""
        seen: dict[str, int] = {}
        for row in self.rows:
            first = seen.setdefault(row.cell(column), row.line)
            if first != row.line:
                raise row.error(
                    column, f"stands on line {first} already; leave one of the rows out"
                )


def read_table(path: Path, columns: Columns) -> CsvTable:
    """Read a file: UTF-8 with or without byte order mark, commas or semicolons, any column order.

    Raises:
        InputError: Whatever is wrong, with the place and the remedy.
    """
    source = path.name
    text = _decode(source, _read(path))
    rows = _cells(source, text)
    try:
        header_line, names = next(rows)
    except StopIteration:
        raise InputError(
            f"{source} line 1: the file is empty; its first line names the columns"
        ) from None
    header = header_of(source, header_line, names, columns)
    table = tuple(row_of(source, line, cells, header, columns) for line, cells in rows)
    if not table:
        raise InputError(f"{source} line {header_line}: no row follows the header; add some")
    return CsvTable(source, header, table)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"{path.name}: cannot be read ({error.strerror}); give the path of a CSV file"
        ) from error
    if len(content) > MAX_BYTES:
        raise InputError(f"{path.name}: is larger than {MAX_BYTES >> 20} MiB; split it")
    return content


def _decode(source: str, content: bytes) -> str:
    remedy = 'save it as "CSV UTF-8"'
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{source} line 1, character 1: the file is UTF-16; {remedy}")
    nul = content.find(b"\0")
    if nul >= 0:
        raise InputError(f"{source} {_position(content, nul)}: a NUL byte, no text; {remedy}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _position(content, error.start)
        raise InputError(f"{source} {place}: is not UTF-8; {remedy}") from error


def _position(content: bytes, offset: int) -> str:
    line = content.count(b"\n", 0, offset) + 1
    column = offset - content.rfind(b"\n", 0, offset)
    return f"line {line}, byte {column}"


def _cells(source: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row's first line and its cells, blank lines left out."""
    first = text[: text.find("\n")] if "\n" in text else text
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(
                f"{source} line {line}: quotation marks do not match, or a cell is far too long; "
                'write a quotation mark inside a cell as "" and end each cell that begins with one'
            ) from error
        if any(cell.strip() for cell in cells):
            yield line, cells


def header_of(source: str, line: int, names: Sequence[str], columns: Columns) -> tuple[str, ...]:
    """Return the columns a file has; raises InputError where they are not what they may be."""
    header = tuple(name.strip() for name in names)
    if not set(header) & set(columns.all):
        # Perhaps a row of data: none of it is repeated.
        raise InputError(
            f"{source} line {line}: names no column that is known here; the first line must hold "
            f"{', '.join(columns.required)}"
        )
    for number, name in enumerate(header, start=1):
        if name in header[: number - 1]:
            raise InputError(
                f"{source} line {line}, column {number}: {_shown(name)} stands there twice; "
                "leave one out"
            )
        if name not in columns.all:
            near = difflib.get_close_matches(name, columns.all, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"known: {', '.join(columns.all)}"
            raise InputError(
                f"{source} line {line}, column {number}: {_shown(name)} is unknown; {remedy}"
            )
    for name in columns.required:
        if name not in header:
            raise InputError(f"{source} line {line}, column {name}: is missing; add it")
    return header


def _shown(name: str) -> str:
    """A column's name as a message may repeat it: one line, not endless."""
    printable = "".join(character if character.isprintable() else "?" for character in name)
    return repr(printable[:40])


def row_of(
    source: str, line: int, cells: Sequence[str], header: tuple[str, ...], columns: Columns
) -> CsvRow:
    """Return a row's cells by column; raises InputError where they don't fit the header."""
    if len(cells) > len(header):
        raise InputError(
            f"{source} line {line}, column {len(header) + 1}: the row has {len(cells)} cells, the "
            f"header {len(header)}; put cells that hold the separator in quotation marks"
        )
    if len(cells) < len(header):
        raise InputError(
            f"{source} line {line}, column {header[len(cells)]}: the row ends before it; "
            "write empty cells, too"
        )
    by_name = {name: cleaned(cell) for name, cell in zip(header, cells, strict=True)}
    return checked(CsvRow(source, line, by_name), columns)


def checked(row: CsvRow, columns: Columns) -> CsvRow:
    """Return a row whose cells may be kept.

    Raises:
        InputError: One is too long, holds what is no text, or is empty and must not be.
    """
    for name, cell in row.cells.items():
        if len(cell) > MAX_CELL:
            raise row.error(name, f"is longer than {MAX_CELL} characters; shorten it")
        if not cell.isprintable():
            raise row.error(name, "holds a control character; remove it")
    for name in columns.required:
        if not row.cell(name):
            raise row.error(name, "is empty; fill it in")
    return row


def cleaned(cell: str) -> str:
    """Return a cell without surrounding blanks, in Unicode's NFC form."""
    # Blanks of every kind become one space: exports put line breaks and hard spaces into cells.
    return " ".join(unicodedata.normalize("NFC", cell).split())
