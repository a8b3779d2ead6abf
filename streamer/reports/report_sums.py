"""The figures of a site, its departments, practitioners and days, in one pass. Pure.

Used by `report_maker` for the whole site and by `report_extract` for a part of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from streamer.domain.report.figures import Figures
from streamer.domain.report.report import Group
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.report.scope import Scope, ScopeKind
from streamer.reports.figure_sums import FigureSums, RiskSums, waits_of

_Leaf = tuple[str | None, str]
"""A department and a practitioner: each row is of one of them."""


class ReportSums:
    """Takes in rows a day at a time; what is at risk may come later."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.total = FigureSums()
        self._departments: dict[str | None, FigureSums] = {}
        self._practitioners: dict[str, FigureSums] = {}
        self._days: dict[date, Figures] = {}
        self._risks: dict[tuple[date, _Leaf], RiskSums] = {}

    def add(self, day: date, rows: Sequence[ReportRow]) -> None:
        """Take in all rows of a day, once."""
        waits = waits_of(rows)
        leaves: dict[_Leaf, FigureSums] = {}
        for row in rows:
            leaf = (row.department, row.practitioner_ref)
            sums = leaves.get(leaf)
            if sums is None:
                sums = leaves[leaf] = FigureSums()
            sums.add(row)
            if waits and row.kind is RowKind.APPOINTMENT and row.ref in waits:
                wait = waits[row.ref]
                sums.waiting[wait] = sums.waiting.get(wait, 0) + 1
        whole = FigureSums()
        for (department, practitioner), sums in leaves.items():
            whole.join(sums)
            self._departments.setdefault(department, FigureSums()).join(sums)
            self._practitioners.setdefault(practitioner, FigureSums()).join(sums)
        self.total.join(whole)
        self._days[day] = whole.figures(RiskSums())

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
        none = RiskSums()
        return tuple(
            Group(
                Scope(ScopeKind.DEPARTMENT, name),
                name,
                self._departments[name].figures(risks.get(name, none)),
            )
            for name in sorted(self._departments, key=lambda one: (one is None, one or ""))
        )

    def practitioners(self, names: Mapping[str, str | None]) -> tuple[Group, ...]:
        """Return each practitioner's; `names` by reference."""
        risks: dict[str, RiskSums] = {}
        for (_, (_, practitioner)), risk in self._risks.items():
            risks.setdefault(practitioner, RiskSums()).join(risk)
        none = RiskSums()
        return tuple(
            Group(
                Scope(ScopeKind.PRACTITIONER, ref),
                names.get(ref),
                self._practitioners[ref].figures(risks.get(ref, none)),
            )
            for ref in sorted(self._practitioners)
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
