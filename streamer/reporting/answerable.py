"""Which rows of preliminary reports practitioners may answer. Used by `replies`."""

import asyncio
import json
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from streamer.domain.actor import Actor
from streamer.domain.report.answerable import Answerable
from streamer.domain.report.revision import ReportState, RevisionEntry
from streamer.domain.report.row import ReportRow
from streamer.domain.verdict import VerdictKind
from streamer.reporting.runs import ReportRuns
from streamer.reports.row_json import row_of


def may_be_answered(row: ReportRow) -> bool:
    """Does a row say anything that its practitioner may have an answer to?

    Nobody was seen, a rule stands out at it (information too), or it is at risk.
    """
    unverified = row.verdict is VerdictKind.UNVERIFIED
    return unverified or bool(row.findings) or row.certain or row.estimated


async def answerable_rows(
    runs: ReportRuns, practitioner_refs: Collection[str], by: Actor, now: datetime
) -> Sequence[Answerable]:
    """Return practitioners' rows to be answered, without an accepted answer, the newest day first.

    A day of several reports is taken from the one that takes answers longest: whoever decides has
    the more time, and what they accept counts in all of them. That somebody read is in the audit.

    Args:
        runs: Reads them.
        practitioner_refs: Whose.
        by: Who reads.
        now: Aware.

    Raises:
        AuditError: What is kept was changed.
        DatabaseError: It refuses.
    """
    if not practitioner_refs:
        return []
    found: list[Answerable] = []
    for entry, days in days_of(await runs.entries(), now):
        revision = await runs.revision(entry.report_id, entry.number)
        for day in days:
            lines = await runs.lines_of(revision, day)
            rows = await asyncio.to_thread(_unanswered, lines, practitioner_refs)
            found += [Answerable(entry, row) for row in rows]
        whose = ",".join(sorted(practitioner_refs))
        await runs.record(revision, by, "read", (("what", "answerable"), ("rows_of", whose)))
    found.sort(key=lambda one: (one.row.at, one.row.ref))
    return found[::-1]


def days_of(
    entries: Iterable[RevisionEntry], now: datetime
) -> list[tuple[RevisionEntry, list[date]]]:
    """Return which days are read from which report's newest revision. Each day stands once."""
    newest: dict[object, RevisionEntry] = {}
    for one in entries:
        if one.report_id not in newest or newest[one.report_id].number < one.number:
            newest[one.report_id] = one
    still_open = [
        one
        for one in newest.values()
        if one.state is ReportState.PRELIMINARY and now < one.final_on
    ]
    taken: set[date] = set()
    found = []
    for one in sorted(still_open, key=lambda entry: entry.final_on, reverse=True):
        every = (one.period.first + timedelta(days=place) for place in range(one.period.days))
        if days := [day for day in every if day not in taken]:
            found.append((one, days))
            taken.update(days)
    return found


def _unanswered(lines: bytes, practitioner_refs: Collection[str]) -> list[ReportRow]:
    # Nearly all lines are others': only what may be meant is read as JSON.
    marks = [json.dumps(ref, ensure_ascii=False).encode() for ref in practitioner_refs]
    likely = (line for line in lines.splitlines() if any(mark in line for mark in marks))
    return [
        row
        for row in map(row_of, likely)
        if row.practitioner_ref in practitioner_refs and may_be_answered(row) and not row.explained
    ]
