"""The figures of a site, its departments, practitioners and days, in one pass. Pure.

Used by `report_maker` for the whole site and by `report_extract` for a part of it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Final

from streamer.domain.check_in import EvidenceGrade
from streamer.domain.report.figures import Figures
from streamer.domain.report.report import Group
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.report.scope import Scope, ScopeKind
from streamer.reports.figure_sums import (
    Alike,
    FigureSums,
    RiskSums,
    Way,
    alike_of,
    arrived,
    first_services,
    minutes_between,
)

_Leaf = tuple[str | None, str]
"""A department and a practitioner: each row is of one of them."""

_patient_of: Final = attrgetter(
    "department", "practitioner_ref", "patient_id", "enrolled", "declined"
)


class ReportSums:
    """Takes in rows a day at a time; what is at risk may come later.

    Rows are added to their leaf of the whole period and to their day; whatever else is asked for is
    put together of the leaves at the end.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._leaves: defaultdict[_Leaf, FigureSums] = defaultdict(FigureSums)
        self._days: dict[date, Figures] = {}
        self._risks: dict[tuple[date, _Leaf], RiskSums] = {}

    def add(self, day: date, rows: Sequence[ReportRow]) -> None:
        """Take in all rows of a day, once."""
        whole = FigureSums()
        for key, times in Counter(map(alike_of, rows)).items():
            one = Alike._make(key)
            self._leaves[one.department, one.practitioner_ref].add(one, times)
            whole.add(one, times)
        self._add_patients(rows, whole)
        self._add_each(rows, whole)
        self._days[day] = whole.figures(RiskSums())

    def _add_patients(self, rows: Sequence[ReportRow], whole: FigureSums) -> None:
        patients = set(map(_patient_of, rows))
        for department, practitioner, patient_id, enrolled, declined in patients:
            sums = self._leaves[department, practitioner]
            sums.patients.add(patient_id)
            if enrolled:
                sums.enrolled.add(patient_id)
            elif declined:
                sums.declined.add(patient_id)
        whole.patients = {one for _, _, one, _, _ in patients}
        whole.enrolled = {one for _, _, one, enrolled, _ in patients if enrolled}
        whole.declined = {one for _, _, one, _, declined in patients if declined}

    def _add_each(self, rows: Sequence[ReportRow], whole: FigureSums) -> None:
        """Add what hardly two rows have in common."""
        leaves, first = self._leaves, first_services(rows)
        ways: list[Way] = []
        lateness: list[int] = []
        waiting: list[int] = []
        billed: defaultdict[str, list[Decimal]] = defaultdict(list)
        for row in rows:
            if row.kind is RowKind.CLAIM:
                if row.currency is not None and row.amount is not None:
                    sums = leaves[row.department, row.practitioner_ref]
                    sums.add_billed(row.currency, row.amount)
                    billed[row.currency].append(row.amount)
                continue
            evidence = row.evidence
            if evidence is None or not arrived(row, evidence):
                continue
            sums, came = leaves[row.department, row.practitioner_ref], evidence.occurred_at
            late = minutes_between(row.at, came)
            sums.lateness[late] = sums.lateness.get(late, 0) + 1
            lateness.append(late)
            if evidence.method is not None:
                way = (evidence.method, evidence.grade)
                sums.arrivals[way] = sums.arrivals.get(way, 0) + 1
                ways.append(way)
            if first and (served := first.get((row.ref, row.practitioner_ref))) is not None:
                wait = minutes_between(came, served)
                sums.waiting[wait] = sums.waiting.get(wait, 0) + 1
                waiting.append(wait)
        # What a whole day has is counted at once: that takes a third of the time.
        whole.arrivals, whole.lateness = dict(Counter(ways)), dict(Counter(lateness))
        whole.waiting = dict(Counter(waiting))
        whole.billed = {currency: sum(amounts, Decimal(0)) for currency, amounts in billed.items()}

    def add_risks(self, day: date, rows: Iterable[ReportRow]) -> None:
        """Take in what is at risk of a day's rows, each once, when that is certain."""
        for row in rows:
            if row.findings or row.certain or row.estimated:
                leaf = (day, (row.department, row.practitioner_ref))
                self._risks.setdefault(leaf, RiskSums()).add(row)

    def figures(self) -> Figures:
        """Return those of everything."""
        total = FigureSums()
        for sums in self._leaves.values():
            total.join(sums)
        return total.figures(_joined(self._risks.values()))

    def by_face(self) -> int:
        """Return how many arrivals there were by a face which the site's own cameras saw."""
        return sum(
            count
            for sums in self._leaves.values()
            for (_, grade), count in sums.arrivals.items()
            if grade is EvidenceGrade.FACE
        )

    def departments(self) -> tuple[Group, ...]:
        """Return each department's, appointments without one last."""
        risks: dict[str | None, RiskSums] = {}
        for (_, (department, _)), risk in self._risks.items():
            risks.setdefault(department, RiskSums()).join(risk)
        groups: dict[str | None, FigureSums] = {}
        for (department, _), sums in self._leaves.items():
            groups.setdefault(department, FigureSums()).join(sums)
        none = RiskSums()
        return tuple(
            Group(
                Scope(ScopeKind.DEPARTMENT, name),
                name,
                groups[name].figures(risks.get(name, none)),
            )
            for name in sorted(groups, key=lambda one: (one is None, one or ""))
        )

    def practitioners(self, names: Mapping[str, str | None]) -> tuple[Group, ...]:
        """Return each practitioner's; `names` by reference."""
        risks: dict[str, RiskSums] = {}
        for (_, (_, practitioner)), risk in self._risks.items():
            risks.setdefault(practitioner, RiskSums()).join(risk)
        groups: dict[str, FigureSums] = {}
        for (_, practitioner), sums in self._leaves.items():
            groups.setdefault(practitioner, FigureSums()).join(sums)
        none = RiskSums()
        return tuple(
            Group(
                Scope(ScopeKind.PRACTITIONER, ref),
                names.get(ref),
                groups[ref].figures(risks.get(ref, none)),
            )
            for ref in sorted(groups)
        )

    def days(self) -> tuple[tuple[date, Figures], ...]:
        """Return each day's."""
        risks: dict[date, RiskSums] = {}
        for (day, _), risk in self._risks.items():
            risks.setdefault(day, RiskSums()).join(risk)
        empty = FigureSums()
        found = []
        for day in sorted(self._days):
            figures = self._days[day]
            if day in risks:
                at_risk = empty.figures(risks[day])
                figures = replace(
                    figures,
                    certain=at_risk.certain,
                    estimated=at_risk.estimated,
                    rules=at_risk.rules,
                )
            found.append((day, figures))
        return tuple(found)


def _joined(risks: Iterable[RiskSums]) -> RiskSums:
    whole = RiskSums()
    for one in risks:
        whole.join(one)
    return whole
