"""Counts visits by practitioner, day by day: what a comparison of practitioners rests on.

A visit is a patient with a practitioner on a day, whatever was billed for it: services of one visit
share their evidence, and counting each would make chance look like intent.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from streamer.domain.judged_day import JudgedAppointment, JudgedClaim, JudgedDay
from streamer.domain.verdict import VerdictGrade, VerdictKind

_WEAK = frozenset({VerdictGrade.MANUAL, VerdictGrade.DESK_CODE})


@dataclass(slots=True)
class Count:
    """Of one practitioner, among enrolled patients or among the others.

    Attributes:
        verified: Visits with evidence, of whatever grade.
        unverified: Visits without, in covered windows.
        weak: Of the verified ones, those whose best evidence is `manual` or `desk_code`.
    """

    verified: int = 0
    unverified: int = 0
    weak: int = 0

    @property
    def visits(self) -> int:
        """Visits of which anything can be said."""
        return self.verified + self.unverified


class VisitCounts:
    """Of one period."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._counts: dict[tuple[str, bool], Count] = {}

    @property
    def counts(self) -> Mapping[tuple[str, bool], Count]:
        """By practitioner and whether the patients were enrolled."""
        return self._counts

    def add(self, day: JudgedDay) -> None:
        """Take in a day, once.

        Appointments count where the clinic says that there was a visit, claims always: whoever
        bills says so. Where something of a visit is unknown, nothing is said of it but that there
        is evidence, if there is.
        """
        visits: dict[tuple[str, UUID], JudgedAppointment | JudgedClaim] = {}
        for one in day.appointments:
            if one.took_place:
                booked = one.appointment
                former = visits.setdefault((booked.practitioner_ref, booked.patient_id), one)
                if former is not one:
                    _keep(visits, (booked.practitioner_ref, booked.patient_id), one)
        for claim in day.claims:
            visit = (claim.claim.service.practitioner_ref, claim.claim.patient_id)
            # It mostly has the verdict of its appointment, the very same one.
            if visits.setdefault(visit, claim).verdict is not claim.verdict:
                _keep(visits, visit, claim)
        alike = Counter(
            (practitioner_ref, one.patient.enrolled, one.verdict.kind, one.verdict.grade)
            for (practitioner_ref, _), one in visits.items()
        )
        for (practitioner_ref, enrolled, kind, grade), times in alike.items():
            self._count((practitioner_ref, enrolled), kind, grade, times)

    def join(self, other: "VisitCounts") -> None:
        """Take in what was counted of other days."""
        for group, count in other.counts.items():
            mine = self._counts.setdefault(group, Count())
            mine.verified += count.verified
            mine.unverified += count.unverified
            mine.weak += count.weak

    def _count(
        self, group: tuple[str, bool], kind: VerdictKind, grade: VerdictGrade | None, times: int
    ) -> None:
        if kind not in (VerdictKind.VERIFIED, VerdictKind.UNVERIFIED):
            return
        count = self._counts.setdefault(group, Count())
        if kind is VerdictKind.UNVERIFIED:
            count.unverified += times
            return
        count.verified += times
        if grade in _WEAK:
            count.weak += times


def _keep(
    visits: dict[tuple[str, UUID], JudgedAppointment | JudgedClaim],
    visit: tuple[str, UUID],
    one: JudgedAppointment | JudgedClaim,
) -> None:
    if _ORDER[one.verdict.kind] < _ORDER[visits[visit].verdict.kind]:
        visits[visit] = one


# Of several verdicts of one visit the first of these says what the visit is.
_ORDER = {
    VerdictKind.VERIFIED: 0,
    VerdictKind.UNKNOWN: 1,
    VerdictKind.UNVERIFIED: 2,
    VerdictKind.NOT_APPLICABLE: 3,
}
