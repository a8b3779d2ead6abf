"""Compares a report on paper or in a file with the one that is kept. Used by `kirdi report`."""

import asyncio
from pathlib import Path
from uuid import UUID

from streamer.domain.actor import Actor
from streamer.domain.report.revision import Revision
from streamer.domain.report.scope import Scope
from streamer.errors import InputError
from streamer.reporting.runs import ReportRuns
from streamer.reports.report_file import FileDigest, file_digest, head_of

_OTHER_FORMS = (
    "of HTML, PDF, XLSX or paper check what is printed there: --report, --revision and --digest"
)

Checked = tuple[Revision, list[str], int]
"""What is kept, in how far the other is not that, and the number of the newest revision."""


async def report_file(runs: ReportRuns, path: Path, by: Actor) -> Checked:
    """Work out a file's digest and compare; what was found out is in the audit.

    Raises:
        InputError: It is no report in JSON, or of a report that is unknown here.
        AuditError: What is kept was changed.
        DatabaseError: It refuses.
    """
    found = await asyncio.to_thread(_read, path)
    kept = await runs.revision(found.report_id, found.number, found.report.scope)
    faults = [f"the rows of {day} are not those of their digest" for day in found.bad_days]
    if found.found != found.stated:
        faults.append("its content is not that of the digest it names")
    if found.found != kept.digest:
        faults.append("its content is not that of the revision that is kept here")
    if found.head != head_of(kept):
        faults.append("what it says of itself is not what is kept here")
    await _record(runs, kept, by, "file", faults)
    return kept, faults, await _newest(runs, kept)


async def printed_report(
    runs: ReportRuns, which: tuple[UUID, int, Scope], digest: str, by: Actor
) -> Checked:
    """Compare the digest that is printed; what was found out is in the audit.

    Raises:
        InputError: It is no digest, or of a report that is unknown here.
        AuditError: What is kept was changed.
        DatabaseError: It refuses.
    """
    try:
        stated = bytes.fromhex(digest)
    except ValueError as error:
        raise InputError("--digest: write the 64 digits 0-9 and a-f that are printed") from error
    if len(stated) != 32:
        raise InputError("--digest: write the 64 digits 0-9 and a-f that are printed")
    kept = await runs.revision(*which)
    faults = [] if stated == kept.digest else ["the digest is not that of what is kept here"]
    await _record(runs, kept, by, "printed", faults)
    return kept, faults, await _newest(runs, kept)


async def _newest(runs: ReportRuns, kept: Revision) -> int:
    newest = await runs.newest_of(kept.entry.period)
    return kept.entry.number if newest is None else newest.entry.number


async def _record(
    runs: ReportRuns, kept: Revision, by: Actor, what: str, faults: list[str]
) -> None:
    await runs.record(kept, by, "verify", (("what", what), ("sound", not faults)))


def _read(path: Path) -> FileDigest:
    try:
        with path.open("rb") as file:
            return file_digest(file)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except InputError as error:
        raise InputError(f"{path}: {error.message}", command=_OTHER_FORMS) from error
