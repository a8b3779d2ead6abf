"""A workbook whose large sheets are written as text, and put into the file that openpyxl makes.

openpyxl makes all that is small (styles, widths, headers, filters) and a record of every cell it is
given; with 200,000 rows that took nine tenths of the time. Rows wait in temporary files without a
name, which only the service can read and which are gone when it is. Used by `sheet`.
"""

import io
import zipfile
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, Final

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from streamer.errors import KirdiError

_END_OF_ROWS: Final = b"</sheetData>"
_LEVEL: Final = 4
"""Of packing: faster than the usual 6, and the file hardly larger."""


class WorkbookFile:
    """Of one report; `close` it, whatever happens."""

    def __init__(self) -> None:
        """Begin with no sheets."""
        self._book = Workbook(write_only=True)
        self._rows: dict[int, IO[bytes]] = {}

    def __enter__(self) -> "WorkbookFile":
        """Enter."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the temporary files."""
        for one in self._rows.values():
            one.close()

    def create_sheet(self, title: str) -> Worksheet:
        """Add a sheet; what is appended to it stands before the rows of `rows_after`."""
        sheet: Worksheet = self._book.create_sheet(title)
        return sheet

    def rows_after(self, sheet: Worksheet) -> IO[bytes]:
        """Return where more rows of a sheet are written, as elements `row`; bounded by the disk."""
        place = self._book.index(sheet)
        if place not in self._rows:
            # It lives as long as this does, and is closed with it.
            self._rows[place] = TemporaryFile()  # noqa: SIM115
        return self._rows[place]

    def content(self) -> bytes:
        """Return the file; nothing is added afterwards.

        Raises:
            OSError: The disk is full.
        """
        bare, made = io.BytesIO(), io.BytesIO()
        self._book.save(bare)
        names = {f"xl/worksheets/sheet{at + 1}.xml": rows for at, rows in self._rows.items()}
        with (
            zipfile.ZipFile(bare) as source,
            zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as target,
        ):
            for name in source.namelist():
                if name in names:
                    _put_rows(target, name, source.read(name), names[name])
                else:
                    target.writestr(name, source.read(name))
        return made.getvalue()


def _put_rows(target: zipfile.ZipFile, name: str, sheet: bytes, rows: IO[bytes]) -> None:
    head, end, tail = sheet.partition(_END_OF_ROWS)
    if not end:
        raise KirdiError(f"{name}: openpyxl writes sheets in another way than Kirdi knows")
    rows.seek(0)
    # Unpacked a sheet may be larger than what a member of the usual kind can hold.
    with target.open(name, "w", force_zip64=True) as part:
        part.write(head)
        copyfileobj(rows, part, 1 << 20)
        part.write(end + tail)
