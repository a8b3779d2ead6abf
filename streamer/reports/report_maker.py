"""Makes a report of a period, once its days were gone through in one part or several. Pure.

Used by `reporting/making`.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import accumulate, chain
from typing import Any

from config.settings import Reports
from streamer.domain.report.error_accounting import ErrorAccounting
from streamer.domain.report.period import Period
from streamer.domain.report.report import CallBack, Report, TrendPoint
from streamer.domain.report.row import ReportRow
from streamer.domain.report.scope import WHOLE_SITE
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_summary import NotEvaluated, RuleSummary
from streamer.reports.call_backs import draw, seed_of
from streamer.reports.part_tally import PartTally
from streamer.reports.report_sums import GroupFigures, ReportSums
from streamer.reports.risk import PeriodRisk

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


class ReportMaker:
    """Of one report, once all of its days were gone through: draw, `add_up`, then `report`."""

    def __init__(
        self, site: ReportSite, settings: Reports, risk: PeriodRisk, tallies: Sequence[PartTally]
    ) -> None:
        """Put the parts together; each day of the period is in one of them."""
        self._site = site
        self._settings = settings
        self._risk = risk
        self._sums = ReportSums()
        self._groups: GroupFigures | None = None
        self._names: dict[str, str] = {}
        self._rules: dict[RuleCode, RuleSummary] = {}
        for one in tallies:
            self._sums.join(one.sums)
            self._names |= one.names
            for code, summary in one.rules.items():
                known = self._rules.get(code)
                self._rules[code] = summary if known is None else known + summary
        days = chain.from_iterable(one.days for one in tallies)
        self._days = sorted(days, key=lambda one: one.day)
        self.day_digests = tuple(one.digest for one in self._days)
        """Of each day."""

    @property
    def by_face(self) -> int:
        """Visits that are verified by a face which the site's own cameras saw."""
        return self._sums.by_face()

    @property
    def seed(self) -> bytes:
        """What call-backs are drawn by."""
        return seed_of(self._site.site_id, self._site.period, self.day_digests)

    def drawn(self) -> dict[date, list[int]]:
        """Return places of the rows to ask about, by day."""
        # How many there are before each day, and altogether.
        before = list(accumulate((len(one.asked) for one in self._days), initial=0))
        found: dict[date, list[int]] = {}
        for number in sorted(draw(self.seed, before[-1], self._settings.call_backs)):
            at = bisect_right(before, number) - 1
            one = self._days[at]
            found.setdefault(one.day, []).append(one.asked[number - before[at]])
        return found

    def add_up(self) -> None:
        """Work out the figures of all groups: what takes longest of a `report`."""
        self._groups = self._sums.groups(self._names)

    def report(self, asked: Sequence[ReportRow], facts: ReportFacts) -> Report:
        """Return the report, once all is added up; `asked` are the rows that `drawn` named."""
        site, groups = self._site, self._groups
        assert groups is not None
        total = groups.total
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
            departments=groups.departments,
            practitioners=groups.practitioners,
            days=groups.days,
            trend=(*facts.trend, now),
            rates=tuple(self._risk.rates),
            rules=self._summaries(),
            coverage=tuple(strip for one in self._days for strip in one.strips),
            errors=facts.errors,
            seed=self.seed.hex(),
            call_backs=tuple(
                CallBack(row.kind, row.ref, row.patient_id, row.practitioner_ref, row.at)
                for row in asked
            ),
            audit_checkpoint=facts.audit_checkpoint,
            notices=facts.notices,
        )

    def _summaries(self) -> tuple[RuleSummary, ...]:
        weak = self._risk.weak_evidence
        looked = found = 0
        reasons: Counter[NotEvaluated] = Counter()
        for (practitioner_ref, grade), claims in self._sums.graded().items():
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
