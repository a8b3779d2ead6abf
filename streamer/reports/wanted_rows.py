"""Finds the rows of a report that a total was counted from. Pure; used by the console."""

from streamer.domain.report.row import ReportRow
from streamer.domain.report.rows_wanted import RowsWanted
from streamer.domain.report.scope import Scope
from streamer.reports.report_extract import within
from streamer.reports.row_json import row_of


def wanted_rows(lines: bytes, scope: Scope, wanted: RowsWanted) -> tuple[ReportRow, ...]:
    """Return those of a day's rows that are wanted and within a scope; others are hardly read.

    Raises:
        InputError: These are no rows of a report.
    """
    marks = wanted.marks
    found = (row_of(line) for line in lines.splitlines() if all(mark in line for mark in marks))
    return tuple(row for row in found if wanted.takes(row) and within(scope, row))
