"""Reads a CSV file of any size in portions, and names every row that is wrong, not just the first.

What is wrong with the file as a whole (no text, no header, quotation marks that don't match) ends
the reading at once. Blocking; used by the readers of one kind of file each.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, Generic, TypeVar

from streamer.domain.portion import Portion
from streamer.errors import InputError
from streamer.exchange.csv_table import Columns, CsvRow, header_of, row_of

Record = TypeVar("Record")

ROWS: Final = 5_000
"""Of a portion."""

_LONGEST_LINE: Final = 1 << 20
_REMEDY: Final = 'save it as "CSV UTF-8"'


def read_portions(
    path: Path,
    columns: Columns,
    unique: str,
    parse: Callable[[CsvRow], Record],
    rows: int = ROWS,
) -> Iterator[Portion[Record]]:
    """Yield a file's records in portions; a file without rows is wrong.

    Args:
        path: The file.
        columns: Which it may have.
        unique: The column in which no two rows may have the same.
        parse: Makes a record of a row; raises InputError for its cells.
        rows: So many in a portion.

    Raises:
        InputError: The file can't be read as a table; names line and remedy, and no value.
    """
    try:
        with path.open("rb") as file:
            yield from _Reading(path.name, columns, unique, parse).portions(file, rows)
    except OSError as error:
        raise InputError(
            f"{path.name}: cannot be read ({error.strerror}); give the path of a CSV file"
        ) from error


class _Reading(Generic[Record]):
    def __init__(
        self, source: str, columns: Columns, unique: str, parse: Callable[[CsvRow], Record]
    ) -> None:
        self._source = source
        self._columns = columns
        self._unique = unique
        self._parse = parse
        # By the hash of what must be unique: the texts themselves would be most of the memory.
        self._seen: dict[int, int] = {}

    def portions(self, file: BinaryIO, rows: int) -> Iterator[Portion[Record]]:
        lines = _Lines(self._source, file)
        table = self._table(lines)
        header: tuple[str, ...] | None = None
        records: list[Record] = []
        begun: list[int] = []
        bad: list[str] = []
        any_row = False
        for line, cells in table:
            if header is None:
                header = header_of(self._source, line, cells, self._columns)
                continue
            any_row = True
            try:
                records.append(self._record(line, cells, header))
                begun.append(line)
            except InputError as error:
                bad.append(str(error))
            if len(records) + len(bad) >= rows:
                yield Portion(self._source, frozenset(header), tuple(records), begun, bad)
                records, begun, bad = [], [], []
        if header is None:
            raise InputError(
                f"{self._source} line 1: the file is empty; its first line names the columns"
            )
        if not any_row:
            raise InputError(f"{self._source}: no row follows the header; add some")
        if records or bad:
            yield Portion(self._source, frozenset(header), tuple(records), begun, bad)

    def _record(self, line: int, cells: list[str], header: tuple[str, ...]) -> Record:
        row = row_of(self._source, line, cells, header, self._columns)
        first = self._seen.setdefault(hash(row.cell(self._unique)), line)
        if first != line:
            raise row.error(
                self._unique, f"stands on line {first} already; leave one of the rows out"
            )
        return self._parse(row)

    def _table(self, lines: "_Lines") -> Iterator[tuple[int, list[str]]]:
        """Yield each row's first line and its cells, blank lines left out."""
        first = lines.first()
        delimiter = ";" if first.count(";") > first.count(",") else ","
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise InputError(
                    f"{self._source} line {line}: quotation marks do not match, or a cell is far "
                    'too long; write a quotation mark inside a cell as "" and end each cell that '
                    "begins with one"
                ) from error
            if any(cell.strip() for cell in cells):
                yield line, cells


class _Lines(Iterable[str]):
    """A file's lines as text, one at a time, whatever its size."""

    def __init__(self, source: str, file: BinaryIO) -> None:
        self._source = source
        self._file = file
        self._waiting: str | None = None
        self._number = 0

    def first(self) -> str:
        """Look at the first line; it is read again by whoever goes through them."""
        self._waiting = self._read()
        return self._waiting or ""

    def __iter__(self) -> Iterator[str]:
        while True:
            line, self._waiting = self._waiting, None
            if line is None:
                line = self._read()
            if line is None:
                return
            yield line

    def _read(self) -> str | None:
        raw = self._file.readline(_LONGEST_LINE)
        if not raw:
            return None
        self._number += 1
        place = f"{self._source} line {self._number}"
        if self._number == 1:
            if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise InputError(f"{place}, character 1: the file is UTF-16; {_REMEDY}")
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) >= _LONGEST_LINE:
            raise InputError(f"{place}: is longer than {_LONGEST_LINE >> 20} MiB; shorten it")
        nul = raw.find(b"\0")
        if nul >= 0:
            raise InputError(f"{place}, byte {nul + 1}: a NUL byte, no text; {_REMEDY}")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{place}, byte {error.start + 1}: is not UTF-8; {_REMEDY}") from error
