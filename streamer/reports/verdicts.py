"""What the evidence says about one visit. Pure; the rules stand in docs/reports.md.

Evidence first, then what the clinic itself says, then whether anybody would have been noticed. What
is left is `unverified`, which accuses nobody.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.check_in import EvidenceGrade
from streamer.domain.coverage import Coverage, UnknownCause
from streamer.domain.patient_facts import PatientFacts
from streamer.domain.verdict import NotApplicable, Verdict, VerdictGrade, VerdictKind
from streamer.domain.visit_evidence import EvidenceSource, VisitEvidence
from streamer.reports.coverage import SiteUptime

SAME_DAY_BEFORE: Final = timedelta(minutes=15)
"""Somebody who is there is evidence of what began so long before"""
SAME_DAY_AFTER: Final = timedelta(hours=4)
"""and of what begins so long after, on that day."""

# The best first.
_RANK: Final = {
    EvidenceGrade.FACE: 0,
    EvidenceGrade.EGOV: 1,
    EvidenceGrade.CODE: 2,
    EvidenceGrade.DESK_CODE: 3,
    EvidenceGrade.GUARDIAN: 4,
    EvidenceGrade.MANUAL: 5,
}
_SOURCES: Final = {
    EvidenceSource.CHECK_IN: 0,
    EvidenceSource.PRESENCE: 1,
    EvidenceSource.CONFIRMATION: 2,
}
_VERIFIED: Final = VerdictKind.VERIFIED
_OWN_GRADES: Final = {grade: VerdictGrade.of(grade) for grade in EvidenceGrade}
_AWAY: Final[dict[Place, Verdict]] = {
    place: Verdict(VerdictKind.NOT_APPLICABLE, not_applicable=NotApplicable(place.value))
    for place in Place
    if place is not Place.SITE
}
_NO_VISIT: Final = {
    AppointmentStatus.CANCELLED: NotApplicable.CANCELLED,
    AppointmentStatus.ENTERED_IN_ERROR: NotApplicable.CANCELLED,
    AppointmentStatus.PROPOSED: NotApplicable.CANCELLED,
    AppointmentStatus.WAITLIST: NotApplicable.CANCELLED,
    AppointmentStatus.NOSHOW: NotApplicable.NOSHOW,
}


class Visit(msgspec.Struct, frozen=True, gc=False):
    """What a verdict is asked for: an appointment, or a service that is billed.

    Attributes:
        biller: Reference of the practitioner who bills it; evidence of their own making is none.
        at: When it was to begin, or was given; None = at any time of the day.
        building: None = any of the site's.
        coverage: Of the window in which the patient would have come; None away from the site.
        status: What the clinic says of the appointment; None where the clinic bills the visit, and
            so says that there was one.
        nobody_looked: The patient was perhaps seen, in a review that nobody decided.
        former: References of practitioners whose visit it was before; nor is evidence of theirs.
    """

    patient: PatientFacts
    biller: str
    at: datetime | None
    place: Place
    building: str | None
    coverage: Coverage | None
    status: AppointmentStatus | None
    nobody_looked: bool
    former: tuple[str, ...] = ()


def plain_verdict(
    own: Sequence[VisitEvidence],
    biller: str,
    former: tuple[str, ...],
    coverage: Coverage | None,
) -> Verdict | None:
    """Return the verdict where one piece of evidence of the appointment itself is all it takes.

    So it is with most of them, and nothing else has to be known then; None = ask `verdict_of`,
    which would say the same.
    """
    if coverage is None or former or len(own) != 1 or biller in own[0].produced_by:
        return None
    return Verdict(_VERIFIED, _OWN_GRADES[own[0].grade], own[0], None, None, coverage)


def verdict_of(
    visit: Visit,
    own: Sequence[VisitEvidence],
    of_the_day: Sequence[VisitEvidence],
    uptime: SiteUptime,
) -> Verdict:
    """Return the verdict.

    Args:
        visit: Of what.
        own: Evidence of this very appointment.
        of_the_day: Whatever the patient left on that day of the site, this too.
        uptime: What was covered when.
    """
    coverage = visit.coverage
    if coverage is None:
        return _AWAY[visit.place]
    produced = False
    if own:
        best, produced = _best(own, visit)
        if best is not None:
            return Verdict(_VERIFIED, _OWN_GRADES[best.grade], best, None, None, coverage)
    refused = None if visit.status is None else _NO_VISIT.get(visit.status)
    if refused is not None:
        return Verdict(VerdictKind.NOT_APPLICABLE, not_applicable=refused, own_evidence=produced)
    if of_the_day:
        best, also = _best(_near(of_the_day, visit), visit)
        produced = produced or also
        if best is not None:
            return Verdict(_VERIFIED, VerdictGrade.SAME_DAY, best, None, None, coverage, produced)
    cause = _unknown(visit, coverage, uptime)
    kind = VerdictKind.UNVERIFIED if cause is None else VerdictKind.UNKNOWN
    return Verdict(kind, cause=cause, coverage=coverage, own_evidence=produced)


def _unknown(visit: Visit, coverage: Coverage, uptime: SiteUptime) -> UnknownCause | None:
    """Why it can't be said that nobody came; None = it can."""
    if not coverage.full:
        return coverage.cause or UnknownCause.OUTSIDE_COVERAGE
    if visit.nobody_looked:
        return UnknownCause.NOBODY_LOOKED
    by_face = visit.patient.enrolled and not visit.patient.code_only
    window = coverage.starts_at, coverage.ends_at
    if not by_face and not uptime.desk_open(visit.building, *window):
        return UnknownCause.NO_CODE_DESK
    return None


def _near(of_the_day: Iterable[VisitEvidence], visit: Visit) -> list[VisitEvidence]:
    """Those pieces near enough in time, and not in another building."""
    here = [
        one
        for one in of_the_day
        if one.building is None or visit.building is None or one.building == visit.building
    ]
    if visit.at is None:
        return here
    earliest, latest = visit.at - SAME_DAY_AFTER, visit.at + SAME_DAY_BEFORE
    return [one for one in here if earliest <= one.occurred_at <= latest]


def _best(evidence: Iterable[VisitEvidence], visit: Visit) -> tuple[VisitEvidence | None, bool]:
    """Return the best piece that no biller had a hand in, and whether there was one they had."""
    biller, former = visit.biller, visit.former
    best: VisitEvidence | None = None
    produced = False
    for one in evidence:
        if biller in one.produced_by or any(ref in one.produced_by for ref in former):
            produced = True
        elif best is None or _order(one) < _order(best):
            best = one
    return best, produced


def _order(one: VisitEvidence) -> tuple[int, int, datetime, str]:
    return _RANK[one.grade], _SOURCES[one.source], one.occurred_at, str(one.source_id)
