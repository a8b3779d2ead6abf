"""The figures of a site, its departments, practitioners and days, in one pass. Pure.

Used by `report_part` and `report_maker` for the whole site, by `report_extract` for a part of it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from streamer.domain.check_in import EvidenceGrade
from streamer.domain.report.figures import Figures
from streamer.domain.report.report import Group
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.report.scope import Scope, ScopeKind
from streamer.domain.verdict import VerdictGrade
from streamer.reports.figure_sums import (
    FigureSums,
    RiskSums,
)

# Asked of every row, and in Python 3.11 naming a member takes longer than whatever is asked.
_CLAIM: Final = RowKind.CLAIM

_Leaf = tuple[str | None, str]
"""A department and a practitioner: each row is of one of them."""


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """Figures of everything, and of each group there is."""

    total: Figures
    departments: tuple[Group, ...]
    practitioners: tuple[Group, ...]
    days: tuple[tuple[date, Figures], ...]


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
        # Appointments and claims.
        by_leaf: defaultdict[_Leaf, tuple[list[ReportRow], list[ReportRow]]]
        by_leaf = defaultdict(lambda: ([], []))
        for row in rows:
            by_leaf[row.department, row.practitioner_ref][row.kind is _CLAIM].append(row)
        whole = FigureSums()
        for leaf, own in by_leaf.items():
            sums = FigureSums.of(*own)
            self._leaves[leaf].join(sums)
            whole.join(sums)
        self._days[day] = whole.figures(RiskSums())

    def add_risks(self, day: date, rows: Iterable[ReportRow]) -> None:
        """Take in what is at risk of a day's rows, each once, when that is certain."""
        for row in rows:
            if row.findings or row.certain or row.estimated:
                leaf = (day, (row.department, row.practitioner_ref))
                self._risks.setdefault(leaf, RiskSums()).add(row)

    def join(self, other: "ReportSums") -> None:
        """Take in the sums of other days, which are no use any more then."""
        for leaf, sums in other._leaves.items():
            mine = self._leaves.setdefault(leaf, sums)
            if mine is not sums:
                mine.join(sums)
        self._days |= other._days
        self._risks |= other._risks

    def graded(self) -> Counter[tuple[str, VerdictGrade | None]]:
        """Return how many claims each practitioner has by the grade of their evidence."""
        found: Counter[tuple[str, VerdictGrade | None]] = Counter()
        for (_, practitioner), sums in self._leaves.items():
            for said, claims in sums.claims.said.items():
                grade = said if isinstance(said, VerdictGrade) else None
                found[practitioner, grade] += claims
        return found

    def by_face(self) -> int:
        """Return how many arrivals there were by a face which the site's own cameras saw."""
        return sum(
            count
            for sums in self._leaves.values()
            for (_, grade), count in sums.arrivals.items()
            if grade is EvidenceGrade.FACE
        )

    def groups(self, names: Mapping[str, str | None]) -> GroupFigures:
        """Return the figures of all groups; `names` are practitioners' by reference."""
        none = RiskSums()
        by_department: dict[str | None, FigureSums] = {}
        by_practitioner: dict[str, list[FigureSums]] = {}
        for (department, practitioner), sums in self._leaves.items():
            by_department.setdefault(department, FigureSums()).join(sums)
            by_practitioner.setdefault(practitioner, []).append(sums)
        of_departments: dict[str | None, RiskSums] = {}
        of_practitioners: dict[str, RiskSums] = {}
        for (_, (department, practitioner)), risk in self._risks.items():
            of_departments.setdefault(department, RiskSums()).join(risk)
            of_practitioners.setdefault(practitioner, RiskSums()).join(risk)
        return GroupFigures(
            _together(by_department.values()).figures(_joined(of_departments.values())),
            # Appointments without one last.
            tuple(
                Group(
                    Scope(ScopeKind.DEPARTMENT, name),
                    name,
                    by_department[name].figures(of_departments.get(name, none)),
                )
                for name in sorted(by_department, key=lambda one: (one is None, one or ""))
            ),
            tuple(
                Group(
                    Scope(ScopeKind.PRACTITIONER, ref),
                    names.get(ref),
                    _together(by_practitioner[ref]).figures(of_practitioners.get(ref, none)),
                )
                for ref in sorted(by_practitioner)
            ),
            self._of_days(),
        )

    def _of_days(self) -> tuple[tuple[date, Figures], ...]:
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


def _together(sums: Collection[FigureSums]) -> FigureSums:
    """Add them up; one alone, as most practitioners have it, is taken as it is."""
    if len(sums) == 1:
        return next(iter(sums))
    whole = FigureSums()
    for one in sums:
        whole.join(one)
    return whole


def _joined(risks: Iterable[RiskSums]) -> RiskSums:
    whole = RiskSums()
    for one in risks:
        whole.join(one)
    return whole
