"""Counts visits by practitioner, day by day: what a comparison of practitioners rests on.

A visit is a patient with a practitioner on a day, whatever was billed for it: services of one visit
share their evidence, and counting each would make chance look like intent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from streamer.domain.judged_day import JudgedDay
from streamer.domain.verdict import Verdict, VerdictGrade, VerdictKind

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
        visits: dict[tuple[str, UUID], tuple[bool, Verdict]] = {}
        for one in day.appointments:
            if one.took_place:
                key = (one.appointment.practitioner_ref, one.appointment.patient_id)
                _join(visits, key, one.patient.enrolled, one.verdict)
        for claim in day.claims:
            key = (claim.claim.service.practitioner_ref, claim.claim.patient_id)
            _join(visits, key, claim.patient.enrolled, claim.verdict)
        for (practitioner_ref, _), (enrolled, verdict) in visits.items():
            self._count(practitioner_ref, enrolled, verdict)

    def _count(self, practitioner_ref: str, enrolled: bool, verdict: Verdict) -> None:
        if verdict.kind not in (VerdictKind.VERIFIED, VerdictKind.UNVERIFIED):
            return
        count = self._counts.setdefault((practitioner_ref, enrolled), Count())
        if verdict.kind is VerdictKind.UNVERIFIED:
            count.unverified += 1
            return
        count.verified += 1
        if verdict.grade in _WEAK:
            count.weak += 1


# Of several verdicts of one visit the first of these says what the visit is.
_ORDER = {
    VerdictKind.VERIFIED: 0,
    VerdictKind.UNKNOWN: 1,
    VerdictKind.UNVERIFIED: 2,
    VerdictKind.NOT_APPLICABLE: 3,
}


def _join(
    visits: dict[tuple[str, UUID], tuple[bool, Verdict]],
    key: tuple[str, UUID],
    enrolled: bool,
    verdict: Verdict,
) -> None:
    former = visits.get(key)
    if former is None or _ORDER[verdict.kind] < _ORDER[former[1].kind]:
        visits[key] = (enrolled, verdict)
