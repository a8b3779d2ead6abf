"""What a department's or a practitioner's part of a report says. Pure; used by `reporting/runs`.

Made of the whole site's rows, so that it can say nothing else than they do.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from streamer.domain.report.report import Report, TrendPoint
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.report.scope import Scope, ScopeKind
from streamer.reports.report_sums import ReportSums
from streamer.reports.row_json import lines_of


def within(scope: Scope, row: ReportRow) -> bool:
    """Is a row of this scope?"""
    if scope.kind is ScopeKind.SITE:
        return True
    if scope.kind is ScopeKind.DEPARTMENT:
        return row.department == scope.value
    return row.practitioner_ref == scope.value


class ReportExtract:
    """Takes in the days of a whole report, in order.

    Attributes:
        day_digests: Of the rows in scope, a day each.
    """

    def __init__(self, whole: Report, scope: Scope) -> None:
        """Begin with no days."""
        self._whole = whole
        self._scope = scope
        self._sums = ReportSums()
        self._asked = {(one.kind, one.ref): one for one in whole.call_backs}
        self._own: set[tuple[RowKind, str]] = set()
        self.day_digests: list[bytes] = []

    def add(self, day: date, rows: Sequence[ReportRow]) -> None:
        """Take in a day; those of `rows` that are not within the scope are left out."""
        own = [row for row in rows if within(self._scope, row)]
        self._sums.add(day, own)
        self._sums.add_risks(day, own)
        self._own.update(key for row in own if (key := (row.kind, row.ref)) in self._asked)
        self.day_digests.append(hashlib.sha256(lines_of(own)).digest())

    def report(self, trend: Sequence[TrendPoint]) -> Report:
        """Return the part; `trend` are its earlier periods, as far as they are known.

        What rules could not look at is not told of a part: it is not counted by department.
        """
        whole, scope = self._whole, self._scope
        names = {one.scope.value or "": one.name for one in whole.practitioners}
        groups = self._sums.groups(names)
        total = groups.total
        visits = total.visits
        now = TrendPoint(
            whole.period,
            total.appointments,
            sum(visits.verified.values()),
            visits.unverified,
            sum(visits.unknown.values()),
        )
        present = {one.scope.value for one in groups.practitioners}
        return replace(
            whole,
            scope=scope,
            total=total,
            departments=groups.departments,
            practitioners=groups.practitioners,
            days=groups.days,
            trend=(*trend, now),
            rates=tuple(one for one in whole.rates if one.practitioner_ref in present),
            rules=(),
            call_backs=tuple(one for key, one in self._asked.items() if key in self._own),
        )
