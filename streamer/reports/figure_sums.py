"""Adds up rows to the figures of a report's groups. Pure; used by `report_sums`.

Sums of two groups can be added, so that every row is looked at once. Most rows of a practitioner's
day say the same: how many such there are is counted first (`_alike_of`), and added at once.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate, product
from math import ceil, floor
from operator import attrgetter
from typing import Final, NamedTuple, TypeVar

from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.coverage import UnknownCause
from streamer.domain.report.figures import (
    Amounts,
    ArrivalCount,
    AtRisk,
    Figures,
    Spread,
    VerdictFigures,
)
from streamer.domain.report.row import ReportRow
from streamer.domain.rule_code import RuleCode
from streamer.domain.verdict import NotApplicable, VerdictGrade, VerdictKind
from streamer.domain.visit_evidence import EvidenceSource

# Asked of every row, and in Python 3.11 naming a member takes longer than whatever is asked.
_UNVERIFIED: Final = VerdictKind.UNVERIFIED
_SAME_DAY: Final = VerdictGrade.SAME_DAY
_CONFIRMATION: Final = EvidenceSource.CONFIRMATION

_NO_SHOW: Final = "noshow"
_P90: Final = 0.9
_NOTHING: Final = Decimal(0)

Key = TypeVar("Key")

# How somebody arrived, and what that is worth.
_Way = tuple[Method, EvidenceGrade]
_WAYS: Final = tuple(product(Method, EvidenceGrade))

_Said = VerdictKind | VerdictGrade | UnknownCause | NotApplicable
"""What a verdict comes to: its grade, cause or reason, else itself."""


class _Alike(NamedTuple):
    """What is counted of a row, and many have in common; the members are the row's."""

    verdict: VerdictKind
    grade: VerdictGrade | None
    cause: UnknownCause | None
    not_applicable: NotApplicable | None
    own_evidence: bool
    explained: bool


# Of a row, as plain tuples: that takes a fourth of the time of a record.
_alike_of: Final = attrgetter(*_Alike._fields)
_visit_of: Final = attrgetter("status", "took_place", *_Alike._fields)


@dataclass(slots=True)
class VerdictSums:
    """How often each verdict was given."""

    said: dict[_Said, int] = field(default_factory=dict)
    explained: int = 0
    own_evidence: int = 0

    def add(self, one: _Alike, times: int) -> None:
        """Take in so many rows."""
        said = one.grade or one.cause or one.not_applicable or one.verdict
        self.said[said] = self.said.get(said, 0) + times
        # Beside what a rule found an answer may stand, too: that is no part of the unverified.
        if one.explained and one.verdict is _UNVERIFIED:
            self.explained += times
        if one.own_evidence:
            self.own_evidence += times

    def join(self, other: "VerdictSums") -> None:
        """Take in another group's."""
        _join(self.said, other.said)
        self.explained += other.explained
        self.own_evidence += other.own_evidence

    def figures(self) -> VerdictFigures:
        """Return the figures."""
        said = self.said
        return VerdictFigures(
            {one: said[one] for one in VerdictGrade if one in said},
            said.get(_UNVERIFIED, 0),
            self.explained,
            {one: said[one] for one in UnknownCause if one in said},
            {one: said[one] for one in NotApplicable if one in said},
            self.own_evidence,
        )


@dataclass(slots=True)
class FigureSums:
    """Of one group, but for what is at risk.

    Attributes:
        patients: By Kirdi's number; `enrolled`, `declined`: those who were so on any of the days.
        lateness: How often each whole number of minutes came about; `waiting` likewise.
    """

    appointments: int = 0
    took_place: int = 0
    noshows: int = 0
    arrivals: dict[_Way, int] = field(default_factory=dict)
    lateness: dict[int, int] = field(default_factory=dict)
    waiting: dict[int, int] = field(default_factory=dict)
    visits: VerdictSums = field(default_factory=VerdictSums)
    claims: VerdictSums = field(default_factory=VerdictSums)
    billed: dict[str, Decimal] = field(default_factory=dict)
    patients: set[str] = field(default_factory=set)
    enrolled: set[str] = field(default_factory=set)
    declined: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, booked: Sequence[ReportRow], billed: Sequence[ReportRow]) -> "FigureSums":
        """Return the sums of one practitioner's appointments and claims of a day."""
        sums = cls()
        sums._add_visits(booked)
        for alike, times in Counter(map(_alike_of, billed)).items():
            sums.claims.add(_Alike._make(alike), times)
        rows = [*booked, *billed]
        sums.patients = {row.patient_id for row in rows}
        sums.enrolled = {row.patient_id for row in rows if row.enrolled}
        sums.declined = {row.patient_id for row in rows if row.declined}
        sums._add_arrivals(booked, billed)
        sums._add_billed(billed)
        return sums

    def _add_visits(self, booked: Sequence[ReportRow]) -> None:
        self.appointments = len(booked)
        for (status, took_place, *alike), times in Counter(map(_visit_of, booked)).items():
            self.visits.add(_Alike._make(alike), times)
            if took_place:
                self.took_place += times
            if status == _NO_SHOW:
                self.noshows += times

    def _add_arrivals(self, booked: Sequence[ReportRow], billed: Sequence[ReportRow]) -> None:
        arrived = [
            (row, evidence)
            for row in booked
            if (evidence := row.evidence) is not None
            # It says that somebody came, not when for this; a confirmation of the ministry's says
            # when they were with the practitioner.
            if row.grade is not _SAME_DAY and evidence.source is not _CONFIRMATION
        ]
        if not arrived:
            return
        late = [_minutes(evidence.occurred_at - row.at) for row, evidence in arrived]
        self.lateness = dict(Counter(late))
        ways = [(one.method, one.grade) for _, one in arrived if one.method is not None]
        self.arrivals = dict(Counter(ways))
        first = _first_services(billed)
        if first:
            served = [(first.get(row.ref), evidence.occurred_at) for row, evidence in arrived]
            waited = [_minutes(at - came) for at, came in served if at is not None]
            self.waiting = dict(Counter(waited))

    def _add_billed(self, billed: Sequence[ReportRow]) -> None:
        amounts: dict[str, list[Decimal]] = {}
        for row in billed:
            if row.currency is not None and row.amount is not None:
                amounts.setdefault(row.currency, []).append(row.amount)
        self.billed = {currency: sum(every, _NOTHING) for currency, every in amounts.items()}

    def join(self, other: "FigureSums") -> None:
        """Take in another group's."""
        self.appointments += other.appointments
        self.took_place += other.took_place
        self.noshows += other.noshows
        _join(self.arrivals, other.arrivals)
        _join(self.lateness, other.lateness)
        _join(self.waiting, other.waiting)
        self.visits.join(other.visits)
        self.claims.join(other.claims)
        for currency, amount in other.billed.items():
            self.billed[currency] = self.billed.get(currency, _NOTHING) + amount
        self.patients |= other.patients
        self.enrolled |= other.enrolled
        self.declined |= other.declined

    def figures(self, risk: "RiskSums") -> Figures:
        """Return the figures, with what is at risk."""
        return Figures(
            appointments=self.appointments,
            took_place=self.took_place,
            noshows=self.noshows,
            arrivals=tuple(
                ArrivalCount(*way, self.arrivals[way]) for way in _WAYS if way in self.arrivals
            ),
            lateness=_spread(self.lateness),
            waiting=_spread(self.waiting),
            visits=self.visits.figures(),
            claims=self.claims.figures(),
            billed=_ordered(self.billed),
            patients=len(self.patients),
            enrolled=len(self.enrolled),
            declined=len(self.declined - self.enrolled),
            certain=AtRisk(risk.certain, _ordered(risk.certain_amounts)),
            estimated=AtRisk(risk.estimated, _ordered(risk.estimated_amounts)),
            rules={one: risk.rules[one] for one in RuleCode if one in risk.rules},
        )


@dataclass(slots=True)
class RiskSums:
    """Claims of one group that are at risk, and what rules found."""

    certain: int = 0
    estimated: int = 0
    certain_amounts: dict[str, Decimal] = field(default_factory=dict)
    estimated_amounts: dict[str, Decimal] = field(default_factory=dict)
    rules: dict[RuleCode, int] = field(default_factory=dict)

    def add(self, row: ReportRow) -> None:
        """Take in a row, once its risk is certain."""
        for code in {one.code for one in row.findings}:
            self.rules[code] = self.rules.get(code, 0) + 1
        if row.certain:
            self.certain += 1
            _add(self.certain_amounts, row)
        elif row.estimated:
            self.estimated += 1
            _add(self.estimated_amounts, row)

    def join(self, other: "RiskSums") -> None:
        """Take in another group's."""
        self.certain += other.certain
        self.estimated += other.estimated
        _join(self.rules, other.rules)
        for mine, theirs in (
            (self.certain_amounts, other.certain_amounts),
            (self.estimated_amounts, other.estimated_amounts),
        ):
            for currency, amount in theirs.items():
                mine[currency] = mine.get(currency, _NOTHING) + amount


def _first_services(billed: Iterable[ReportRow]) -> Mapping[str, datetime]:
    """Return the first measured service of appointments, by their reference."""
    first: dict[str, datetime] = {}
    for row in billed:
        if row.measured and row.appointment_ref is not None:
            former = first.get(row.appointment_ref)
            if former is None or row.at < former:
                first[row.appointment_ref] = row.at
    return first


def _minutes(took: timedelta) -> int:
    """Return whole minutes, rounded."""
    return round(took.total_seconds() / 60)


def _join(mine: dict[Key, int], theirs: Mapping[Key, int]) -> None:
    if not mine:
        # Most practitioners work in one department.
        mine.update(theirs)
        return
    for key, count in theirs.items():
        mine[key] = mine.get(key, 0) + count


def _add(amounts: dict[str, Decimal], row: ReportRow) -> None:
    if row.currency is not None and row.amount is not None:
        amounts[row.currency] = amounts.get(row.currency, Decimal(0)) + row.amount


def _ordered(amounts: Mapping[str, Decimal]) -> Amounts:
    return {currency: amounts[currency] for currency in sorted(amounts)}


def _spread(minutes: Mapping[int, int]) -> Spread | None:
    if not minutes:
        return None
    ordered = sorted(minutes)
    # How many there are up to each.
    seen = list(accumulate(minutes[minute] for minute in ordered))
    return Spread(seen[-1], _quantile(ordered, seen, 0.5), _quantile(ordered, seen, _P90))


def _quantile(ordered: Sequence[int], seen: Sequence[int], share: float) -> float:
    """The mean of the values on both sides of the place, so that a median is the usual one."""
    count = seen[-1]
    place = share * count
    around = (max(1, ceil(place)), min(count, floor(place) + 1))
    return sum(ordered[bisect_left(seen, wanted)] for wanted in around) / 2
