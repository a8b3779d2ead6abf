"""Turns judged days into the lines of a report, a day in memory. Pure; for `reporting/part_work`.

A period may be gone through in several parts at once, by several processes: a day belongs to one of
them, and what a part says of its days is the same whichever days it has.

Whether a claim is at risk by its practitioner's rate, or by evidence that staff can make alone, is
certain when the last day of all parts was counted. Rows of claims that this may still befall are
set aside, packed: a day's rows are those that were certain at once, then those.
"""

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Final
from uuid import UUID

from isal import isal_zlib
from msgspec.structs import replace

from streamer.domain.judged_day import JudgedClaim, JudgedDay
from streamer.domain.report.coverage_strip import CoverageStrip
from streamer.domain.report.row import ReportRow
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_summary import RuleSummary
from streamer.domain.verdict import VerdictKind
from streamer.reports.call_backs import may_be_asked
from streamer.reports.coverage_strips import CoverageStrips
from streamer.reports.part_tally import PartTally, TalliedDay
from streamer.reports.report_rows import Explained, appointment_row, claim_row
from streamer.reports.report_sums import ReportSums
from streamer.reports.risk_found import RiskFound
from streamer.reports.row_json import lines_of, rows_of
from streamer.reports.rules.weak_evidence import WEAK
from streamer.reports.visit_counts import VisitCounts

# Asked of every row, and in Python 3.11 naming a member takes longer than whatever is asked.
_UNVERIFIED: Final = VerdictKind.UNVERIFIED

_named_of: Final = attrgetter("practitioner_ref", "practitioner_name")


@dataclass(slots=True)
class _Day:
    """What is left of a day that was added.

    Attributes:
        lines: How many rows are certain; `digest` is over them so far.
        asked: Places of the rows that may be drawn.
        waiting: Packed rows of claims that are not certain yet, and their ids.
    """

    day: date
    lines: int
    digest: "hashlib._Hash"
    asked: "array[int]"
    strips: tuple[CoverageStrip, ...]
    waiting: bytes
    waiting_ids: bytes


class ReportPart:
    """Some days of one report: `add` each, `close`, then take the `tally`."""

    def __init__(self, strips: CoverageStrips, explained: Explained = frozenset()) -> None:
        """Begin with no days; `explained` are accepted answers."""
        self._strips = strips
        self._explained = explained
        self.counts = VisitCounts()
        """What the period's risks are worked out from, once every part has added its days."""
        self._sums = ReportSums()
        self._names: dict[str, str] = {}
        self._rules: dict[RuleCode, RuleSummary] = {}
        self._days: list[_Day] = []

    def add(self, day: JudgedDay) -> bytes:
        """Take in a day, once; return the lines of its rows that are certain."""
        self.counts.add(day)
        for code, summary in day.summaries.items():
            known = self._rules.get(code)
            self._rules[code] = summary if known is None else known + summary
        rows = [appointment_row(one, self._explained) for one in day.appointments]
        self._names.update(map(_named_of, (one.appointment for one in day.appointments)))
        billed: list[ReportRow] = []
        waiting: list[ReportRow] = []
        ids: list[bytes] = []
        for claim in day.claims:
            row = claim_row(claim, self._explained)
            self._names[row.practitioner_ref] = claim.claim.practitioner_name
            if _may_come_at_risk(claim):
                waiting.append(row)
                ids.append(claim.claim.claim_id.bytes)
            else:
                billed.append(row)
        rows += billed
        self._sums.add(day.day, [*rows, *waiting])
        self._sums.add_risks(day.day, rows)
        asked = array("I", (at for at, row in enumerate(rows) if may_be_asked(row)))
        lines = lines_of(rows)
        self._days.append(
            _Day(
                day.day,
                len(rows),
                hashlib.sha256(lines),
                asked,
                tuple(self._strips.of_day(day)),
                isal_zlib.compress(lines_of(waiting)),
                b"".join(ids),
            )
        )
        return lines

    def close(self, risk: RiskFound) -> Iterator[tuple[date, bytes]]:
        """Yield its days' remaining lines, once `risk` is known; go through all of it."""
        for one in self._days:
            rows: list[ReportRow] = []
            for place, row in enumerate(rows_of(isal_zlib.decompress(one.waiting))):
                claim_id = UUID(bytes=one.waiting_ids[16 * place : 16 * place + 16])
                rows.append(_with_risk(row, claim_id, risk))
            self._sums.add_risks(one.day, rows)
            one.asked.extend(one.lines + at for at, row in enumerate(rows) if may_be_asked(row))
            lines = lines_of(rows)
            one.waiting = one.waiting_ids = b""
            one.digest.update(lines)
            if rows:
                yield one.day, lines

    def tally(self) -> PartTally:
        """Return what is left of its days, once `close` was gone through."""
        days = tuple(
            TalliedDay(one.day, one.digest.digest(), one.asked, one.strips) for one in self._days
        )
        return PartTally(self._sums, self._names, self._rules, days)


def _may_come_at_risk(claim: JudgedClaim) -> bool:
    return claim.verdict.kind is _UNVERIFIED or claim.verdict.grade in WEAK


def _with_risk(row: ReportRow, claim_id: UUID, risk: RiskFound) -> ReportRow:
    """Return a claim's row with what only the whole period can say."""
    weak = risk.weak
    if weak.finds(row.practitioner_ref, row.grade):
        finding = weak.finding_of(row.practitioner_ref, claim_id, row.ref)
        row = replace(row, findings=(*row.findings, finding), certain=True)
    if row.explained and row.verdict is not _UNVERIFIED and not row.findings:
        row = replace(row, explained=False)
    # An answer that another person has accepted stands against an estimate, not against a rule.
    unverified = row.verdict is _UNVERIFIED and not row.explained
    if unverified and not row.certain and (row.practitioner_ref, row.enrolled) in risk.above:
        row = replace(row, estimated=True)
    return row
