"""The figures of a site, its departments, practitioners and days, in one pass. Pure.

Used by `report_maker` for the whole site and by `report_extract` for a part of it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from operator import attrgetter
from typing import Final

from streamer.domain.report.figures import Figures
from streamer.domain.report.report import Group
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.report.scope import Scope, ScopeKind
from streamer.reports.figure_sums import (
    Alike,
    FigureSums,
    RiskSums,
    alike_of,
    arrived,
    waits_of,
)

_Leaf = tuple[str | None, str]
"""A department and a practitioner: each row is of one of them."""

_patient_of: Final = attrgetter(
    "department", "practitioner_ref", "patient_id", "enrolled", "declined"
)


class ReportSums:
    """Takes in rows a day at a time; what is at risk may come later."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.total = FigureSums()
        self._leaves: dict[_Leaf, FigureSums] = {}
        self._days: dict[date, Figures] = {}
        self._risks: dict[tuple[date, _Leaf], RiskSums] = {}

    def add(self, day: date, rows: Sequence[ReportRow]) -> None:
        """Take in all rows of a day, once."""
        leaves: defaultdict[_Leaf, FigureSums] = defaultdict(FigureSums)
        for key, times in Counter(map(alike_of, rows)).items():
            one = Alike._make(key)
            leaves[one.department, one.practitioner_ref].add(one, times)
        for department, practitioner, *patient in set(map(_patient_of, rows)):
            leaves[department, practitioner].add_patient(*patient)
        self._add_each(leaves, rows)
        whole = FigureSums()
        for leaf, sums in leaves.items():
            whole.join(sums)
            self._leaves.setdefault(leaf, FigureSums()).join(sums)
        self.total.join(whole)
        self._days[day] = whole.figures(RiskSums())

    def _add_each(self, leaves: Mapping[_Leaf, FigureSums], rows: Sequence[ReportRow]) -> None:
        """Add what hardly two rows have in common."""
        waits = waits_of(rows)
        for row in rows:
            if row.kind is RowKind.CLAIM:
                if row.currency is not None and row.amount is not None:
                    sums = leaves[row.department, row.practitioner_ref]
                    sums.add_billed(row.currency, row.amount)
                continue
            if row.evidence is not None and arrived(row):
                leaves[row.department, row.practitioner_ref].add_arrival(row.at, row.evidence)
            if row.ref in waits:
                sums, wait = leaves[row.department, row.practitioner_ref], waits[row.ref]
                sums.waiting[wait] = sums.waiting.get(wait, 0) + 1

    def add_risks(self, day: date, rows: Iterable[ReportRow]) -> None:
        """Take in what is at risk of a day's rows, each once, when that is certain."""
        for row in rows:
            if row.findings or row.certain or row.estimated:
                leaf = (day, (row.department, row.practitioner_ref))
                self._risks.setdefault(leaf, RiskSums()).add(row)

    def figures(self) -> Figures:
        """Return those of everything."""
        return self.total.figures(_joined(self._risks.values()))

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
