"""A report's rows as CSV, one line an appointment or claim. Used by `kirdi report`.

Columns have the names of the JSON form; what is told in words is the other forms' business. Cells
that a spreadsheet would take for a formula begin with an apostrophe.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, datetime, tzinfo
from typing import Final

from streamer.domain.report.revision import RevisionEntry
from streamer.domain.report.row import ReportRow

COLUMNS: Final = (
    "report_id",
    "revision",
    "day",
    "kind",
    "ref",
    "patient_id",
    "practitioner_ref",
    "department",
    "service_code",
    "service_name",
    "at",
    "status",
    "verdict",
    "grade",
    "cause",
    "not_applicable",
    "evidence_source",
    "evidence_grade",
    "evidence_method",
    "evidence_at",
    "evidence_place",
    "own_evidence",
    "covered",
    "enrolled",
    "declined",
    "explained",
    "took_place",
    "appointment_ref",
    "amount",
    "currency",
    "measured",
    "rules",
    "certain",
    "estimated",
)
_BOM: Final = b"\xef\xbb\xbf"


def csv_file(
    entry: RevisionEntry, days: Iterable[tuple[date, tuple[ReportRow, ...]]], zone: tzinfo
) -> Iterator[bytes]:
    """Yield the file, a day at a time, with a mark that makes spreadsheets read it as UTF-8.

    Args:
        entry: Which revision; each line names it, so that lines of several files can be told apart.
        days: The rows.
        zone: The site's; times are written in it, with their offset.
    """
    yield _BOM + _text([COLUMNS])
    of = (str(entry.report_id), str(entry.number))
    for day, rows in days:
        yield _text((*of, *_cells(day, row, zone)) for row in rows)


def _cells(day: date, row: ReportRow, zone: tzinfo) -> tuple[str, ...]:
    evidence = row.evidence
    return (
        day.isoformat(),
        row.kind.value,
        _inert(row.ref),
        _inert(row.patient_id),
        _inert(row.practitioner_ref),
        _inert(row.department or ""),
        _inert(row.service_code),
        _inert(row.service_name),
        _moment(row.at, zone),
        row.status,
        row.verdict.value,
        row.grade or "",
        row.cause or "",
        row.not_applicable or "",
        "" if evidence is None else evidence.source.value,
        "" if evidence is None else evidence.grade.value,
        "" if evidence is None or evidence.method is None else evidence.method.value,
        "" if evidence is None else _moment(evidence.occurred_at, zone),
        "" if evidence is None else _inert(evidence.place or ""),
        _yes(row.own_evidence),
        "" if row.covered is None else f"{row.covered:g}",
        _yes(row.enrolled),
        _yes(row.declined),
        _yes(row.explained),
        _yes(row.took_place),
        _inert(row.appointment_ref or ""),
        "" if row.amount is None else str(row.amount),
        row.currency or "",
        _yes(row.measured),
        " ".join(one.code.value for one in row.findings),
        _yes(row.certain),
        _yes(row.estimated),
    )


def _text(rows: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def _moment(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat()


def _yes(value: bool) -> str:
    return "true" if value else "false"


def _inert(value: str) -> str:
    return "'" + value if value[:1] in ("=", "@", "+", "-", "\t", "\r") else value
