"""Makes a report of a period's judged days, one pass, a day in memory. Pure; for `reporting/runs`.

Whether a claim is at risk by its practitioner's rate, or by evidence that staff can make alone, is
certain when the last day was counted. Rows of claims that this may still befall are set aside,
packed: a day's rows are those that were certain at once, then those.
"""

import hashlib
import zlib
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from config.settings import Reports
from streamer.domain.judged_day import JudgedClaim, JudgedDay
from streamer.domain.report.coverage_strip import CoverageStrip
from streamer.domain.report.error_accounting import ErrorAccounting
from streamer.domain.report.period import Period
from streamer.domain.report.report import CallBack, Report, TrendPoint
from streamer.domain.report.row import ReportRow
from streamer.domain.report.scope import WHOLE_SITE
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_summary import NotEvaluated, RuleSummary
from streamer.domain.verdict import VerdictGrade, VerdictKind
from streamer.reports.call_backs import draw, may_be_asked, seed_of
from streamer.reports.coverage_strips import CoverageStrips
from streamer.reports.report_json import row_of
from streamer.reports.report_rows import Explained, appointment_row, claim_row
from streamer.reports.report_sums import ReportSums
from streamer.reports.risk import PeriodRisk
from streamer.reports.row_line import line_of
from streamer.reports.rules.weak_evidence import WEAK
from streamer.reports.visit_counts import VisitCounts

_graded_of: Final = attrgetter("practitioner_ref", "grade")

Notices = tuple[tuple[str, Mapping[str, str | int]], ...]


@dataclass(frozen=True, slots=True)
class ReportSite:
    """Whose report it is; `zone` is an IANA name."""

    site_id: str
    site_name: str
    zone: str
    period: Period


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What a report says besides its rows, known to whoever has it made.

    Attributes:
        data_until: Aware, UTC.
        audit_checkpoint: Hex.
        trend: Earlier periods, the oldest first.
    """

    data_until: datetime
    audit_checkpoint: str
    errors: ErrorAccounting
    trend: Sequence[TrendPoint] = ()
    notices: Notices = ()


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
    waiting: bytes
    waiting_ids: bytes


class ReportMaker:
    """Of one report: `add` every day, `close`, draw, `report`."""

    def __init__(
        self,
        site: ReportSite,
        settings: Reports,
        strips: CoverageStrips,
        explained: Explained = frozenset(),
    ) -> None:
        """Begin with no days; `explained` are accepted answers."""
        self._site = site
        self._settings = settings
        self._strips = strips
        self._explained = explained
        self._counts = VisitCounts()
        self._sums = ReportSums()
        self._coverage: list[CoverageStrip] = []
        self._names: dict[str, str] = {}
        self._rules: dict[RuleCode, RuleSummary] = {}
        self._graded: Counter[tuple[str, VerdictGrade | None]] = Counter()
        self._days: list[_Day] = []
        self._risk: PeriodRisk | None = None
        self.day_digests: tuple[bytes, ...] = ()
        """Of each day; there once `close` was gone through."""

    def add(self, day: JudgedDay) -> bytes:
        """Take in a day, in order; return the lines of its rows that are certain."""
        self._counts.add(day)
        self._coverage += self._strips.of_day(day)
        for code, summary in day.summaries.items():
            known = self._rules.get(code)
            self._rules[code] = summary if known is None else known + summary
        rows = [appointment_row(one, self._explained) for one in day.appointments]
        booked = [one.appointment for one in day.appointments]
        self._names.update((one.practitioner_ref, one.practitioner_name) for one in booked)
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
        self._graded.update(map(_graded_of, chain(billed, waiting)))
        self._sums.add(day.day, [*rows, *waiting])
        self._sums.add_risks(day.day, rows)
        asked = array("I", (at for at, row in enumerate(rows) if may_be_asked(row)))
        lines = b"".join(map(line_of, rows))
        set_aside = zlib.compress(b"".join(map(line_of, waiting)), 1)
        digest = hashlib.sha256(lines)
        self._days.append(_Day(day.day, len(rows), digest, asked, set_aside, b"".join(ids)))
        return lines

    def close(self) -> Iterator[tuple[date, bytes]]:
        """Yield each day's remaining lines, after the last day was added; go through all of it."""
        self._risk = risk = PeriodRisk(self._counts.counts, self._settings)
        above = {(one.practitioner_ref, one.enrolled) for one in risk.rates if one.above}
        digests: list[bytes] = []
        for one in self._days:
            rows: list[ReportRow] = []
            for place, line in enumerate(zlib.decompress(one.waiting).splitlines()):
                row = row_of(line)
                claim_id = UUID(bytes=one.waiting_ids[16 * place : 16 * place + 16])
                rows.append(_with_risk(row, claim_id, risk, above))
            self._sums.add_risks(one.day, rows)
            one.asked.extend(one.lines + at for at, row in enumerate(rows) if may_be_asked(row))
            lines = b"".join(map(line_of, rows))
            one.waiting = one.waiting_ids = b""
            one.digest.update(lines)
            digests.append(one.digest.digest())
            if rows:
                yield one.day, lines
        self.day_digests = tuple(digests)

    @property
    def by_face(self) -> int:
        """Visits that are verified by a face which the site's own cameras saw."""
        return self._sums.by_face()

    @property
    def seed(self) -> bytes:
        """What call-backs are drawn by."""
        return seed_of(self._site.site_id, self._site.period, self.day_digests)

    def drawn(self) -> dict[date, list[int]]:
        """Return places of the rows to ask about, by day, once `close` was gone through."""
        asked = [(one.day, place) for one in self._days for place in one.asked]
        found: dict[date, list[int]] = {}
        for number in sorted(draw(self.seed, len(asked), self._settings.call_backs)):
            day, place = asked[number]
            found.setdefault(day, []).append(place)
        return found

    def report(self, asked: Sequence[ReportRow], facts: ReportFacts) -> Report:
        """Return the report; `asked` are the rows that `drawn` named."""
        assert self._risk is not None
        site, total = self._site, self._sums.figures()
        visits = total.visits
        now = TrendPoint(
            site.period,
            total.appointments,
            sum(visits.verified.values()),
            visits.unverified,
            sum(visits.unknown.values()),
        )
        return Report(
            site_id=site.site_id,
            site_name=site.site_name,
            zone=site.zone,
            period=site.period,
            scope=WHOLE_SITE,
            data_until=facts.data_until,
            total=total,
            departments=self._sums.departments(),
            practitioners=self._sums.practitioners(self._names),
            days=self._sums.days(),
            trend=(*facts.trend, now),
            rates=tuple(self._risk.rates),
            rules=self._summaries(self._risk),
            coverage=tuple(self._coverage),
            errors=facts.errors,
            seed=self.seed.hex(),
            call_backs=tuple(
                CallBack(row.kind, row.ref, row.patient_id, row.practitioner_ref, row.at)
                for row in asked
            ),
            audit_checkpoint=facts.audit_checkpoint,
            notices=facts.notices,
        )

    def _summaries(self, risk: PeriodRisk) -> tuple[RuleSummary, ...]:
        weak = risk.weak_evidence
        looked = found = 0
        reasons: Counter[NotEvaluated] = Counter()
        for (practitioner_ref, grade), claims in self._graded.items():
            reason = weak.skipped_of(practitioner_ref, grade)
            if reason is not None:
                reasons[reason] += claims
                continue
            looked += claims
            if weak.finds(practitioner_ref, grade):
                found += claims
        of_period = RuleSummary(RuleCode.WEAK_EVIDENCE, looked, found, reasons)
        known = self._rules | {RuleCode.WEAK_EVIDENCE: of_period}
        return tuple(
            replace(
                known[code],
                not_evaluated={
                    one: known[code].not_evaluated[one]
                    for one in NotEvaluated
                    if known[code].not_evaluated.get(one)
                },
            )
            for code in RuleCode
            if code in known
        )


def _may_come_at_risk(claim: JudgedClaim) -> bool:
    return claim.verdict.kind is VerdictKind.UNVERIFIED or claim.verdict.grade in WEAK


def _with_risk(
    row: ReportRow, claim_id: UUID, risk: PeriodRisk, above: set[tuple[str, bool]]
) -> ReportRow:
    """Return a claim's row with what only the whole period can say."""
    weak = risk.weak_evidence
    if weak.finds(row.practitioner_ref, row.grade):
        finding = weak.finding_of(row.practitioner_ref, claim_id, row.ref)
        row = replace(row, findings=(*row.findings, finding), certain=True)
    if row.explained and row.verdict is not VerdictKind.UNVERIFIED and not row.findings:
        row = replace(row, explained=False)
    # An answer that another person has accepted stands against an estimate, not against a rule.
    unverified = row.verdict is VerdictKind.UNVERIFIED and not row.explained
    if unverified and not row.certain and (row.practitioner_ref, row.enrolled) in above:
        row = replace(row, estimated=True)
    return row


def changes_of(former: Report, now: Report) -> Mapping[str, tuple[int, int]]:
    """Return which of the site's figures differ, by name and in its order: before and after.

    Files say them in this order too: it must not matter where a revision comes from.
    """
    before, after = _named(former), _named(now)
    return {
        name: (before.get(name, 0), after.get(name, 0))
        for name in sorted({*before, *after})
        if before.get(name, 0) != after.get(name, 0)
    }


def _named(report: Report) -> dict[str, int]:
    """The counts of the whole, by a name that forms have words for."""
    total = report.total
    found = {
        "appointments": total.appointments,
        "took_place": total.took_place,
        "noshows": total.noshows,
    }
    for part, figures in (("visits", total.visits), ("claims", total.claims)):
        kinds: dict[str, Mapping[Any, int]] = {
            "verified": figures.verified,
            "unknown": figures.unknown,
            "not_applicable": figures.not_applicable,
        }
        for kind, counts in kinds.items():
            found |= {f"{part}.{kind}.{one.value}": count for one, count in counts.items()}
        found[f"{part}.unverified"] = figures.unverified
        found[f"{part}.explained"] = figures.explained
    found["claims.total"] = total.claims.total
    found["at_risk.certain"] = total.certain.claims
    found["at_risk.estimated"] = total.estimated.claims
    found |= {f"rules.{code.value}": count for code, count in total.rules.items()}
    return found


def unpacked(lines: bytes, places: Sequence[int]) -> list[ReportRow]:
    """Return some rows of a day by their places."""
    every = lines.splitlines()
    return [row_of(every[place]) for place in places]
