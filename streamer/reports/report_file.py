"""A report as a JSON file: written in pieces, and read again to be checked. Pure.

Used by `kirdi report`. The file is one JSON object; header and rows stand in it as the very lines
that the digest is over, so that whoever has SHA-256 can check it. See docs/reports.md.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import IO, Final
from uuid import UUID

from streamer.domain.report.report import Report
from streamer.domain.report.revision import Revision
from streamer.domain.report.row import ReportRow
from streamer.errors import InputError
from streamer.reports.report_json import SCHEMA, header_of, report_of
from streamer.reports.row_json import lines_of, row_of

_DAY: Final = re.compile(rb'\{"day":"(\d{4}-\d{2}-\d{2})","digest":"([0-9a-f]{64})","rows":\[\n')
_MOST_LINE: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileDigest:
    """What a file says of itself, and what its content comes to.

    Attributes:
        head: Its first line, which the digest is not over.
        stated: The digest it names; `found`: that of its header and rows. 32 bytes each.
        bad_days: Days whose rows do not have the digest that stands beside them.
    """

    report_id: UUID
    number: int
    head: bytes
    report: Report
    stated: bytes
    found: bytes
    rows: int
    bad_days: tuple[date, ...]


def head_of(revision: Revision) -> bytes:
    """Return the first line: which revision it is."""
    entry = revision.entry
    said = {
        "schema": SCHEMA,
        "report_id": str(entry.report_id),
        "revision": entry.number,
        "state": entry.state.value,
        "made_at": entry.made_at.isoformat(),
        "made_by": entry.made_by,
        "final_on": entry.final_on.isoformat(),
        "digest": revision.digest.hex(),
        "changes": {name: list(revision.changes[name]) for name in sorted(revision.changes)},
    }
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return text[:-1].encode() + b',"report":\n'


def json_file(
    revision: Revision, days: Iterable[tuple[date, tuple[ReportRow, ...]]]
) -> Iterator[bytes]:
    """Yield the file; `days` are the revision's rows."""
    yield head_of(revision)
    yield header_of(revision.report) + b',"days":[\n'
    first = True
    for day, rows in days:
        lines = lines_of(rows)
        digest = hashlib.sha256(lines).hexdigest()
        yield b"" if first else b",\n"
        yield f'{{"day":"{day}","digest":"{digest}","rows":[\n'.encode()
        # The comma belongs to the file, not to the line that is hashed.
        yield lines[:-1].replace(b"\n", b",\n")
        yield b"\n]}" if lines else b"]}"
        first = False
    yield b"\n]}\n"


def file_digest(file: IO[bytes]) -> FileDigest:
    """Work out a file's digest, a line in memory.

    Raises:
        InputError: It is no report as Kirdi writes them.
    """
    head, header = file.readline(_MOST_LINE), file.readline(_MOST_LINE)
    if not head.endswith(b',"report":\n') or not header.endswith(b',"days":[\n'):
        raise _no_report()
    header = header.removesuffix(b',"days":[\n')
    try:
        said = json.loads(head.removesuffix(b',"report":\n') + b"}")
        report_id, number = UUID(said["report_id"]), int(said["revision"])
        stated = bytes.fromhex(said["digest"])
        known = said["schema"] == SCHEMA
    except (ValueError, TypeError, KeyError) as error:
        raise _no_report() from error
    if not known:
        raise InputError("this report was written by another version of Kirdi")
    report = report_of(header)
    digest = hashlib.sha256(header)
    bad: list[date] = []
    count = 0
    for day, written, found, rows in _days(file):
        digest.update(found)
        count += rows
        if written != found:
            bad.append(day)
    return FileDigest(report_id, number, head, report, stated, digest.digest(), count, tuple(bad))


def _days(file: IO[bytes]) -> Iterator[tuple[date, bytes, bytes, int]]:
    """Yield of each day its digest as written, as found, and how many rows it has."""
    while True:
        line = file.readline(_MOST_LINE)
        if line == b"]}\n":
            if file.read(1):
                raise _no_report()
            return
        begun = _DAY.fullmatch(line)
        if begun is None:
            raise _no_report()
        rows = hashlib.sha256()
        count = 0
        while (line := file.readline(_MOST_LINE)) not in (b"]},\n", b"]}\n"):
            if not line:
                raise _no_report()
            text = line.removesuffix(b"\n").removesuffix(b",")
            row_of(text)
            rows.update(text + b"\n")
            count += 1
        day, written = date.fromisoformat(begun[1].decode()), bytes.fromhex(begun[2].decode())
        yield day, written, rows.digest(), count


def _no_report() -> InputError:
    return InputError(
        "this is no report as Kirdi writes them; only a JSON file that nobody has put into another "
        "form can be checked"
    )
