"""What the evidence says about one visit. Pure; the rules stand in docs/reports.md.

Evidence first, then what the clinic itself says, then whether anybody would have been noticed. What
is left is `unverified`, which accuses nobody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.check_in import EvidenceGrade
from streamer.domain.coverage import UnknownCause
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
_ELSEWHERE: Final = {
    Place.HOME: NotApplicable.HOME,
    Place.REMOTE: NotApplicable.REMOTE,
    Place.MOBILE: NotApplicable.MOBILE,
    Place.OUTREACH: NotApplicable.OUTREACH,
}
_NO_VISIT: Final = {
    AppointmentStatus.CANCELLED: NotApplicable.CANCELLED,
    AppointmentStatus.ENTERED_IN_ERROR: NotApplicable.CANCELLED,
    AppointmentStatus.PROPOSED: NotApplicable.CANCELLED,
    AppointmentStatus.WAITLIST: NotApplicable.CANCELLED,
    AppointmentStatus.NOSHOW: NotApplicable.NOSHOW,
}


@dataclass(frozen=True, slots=True)
class Visit:
    """What a verdict is asked for: an appointment, or a service that is billed.

    Attributes:
        biller: Reference of the practitioner who bills it; evidence of their own making is none.
        at: When it was to begin, or was given.
        building: None = any of the site's.
        window: When the patient would have come.
        known_since: Since when somebody was looked for on account of it; None = in time.
        status: What the clinic says of the appointment; None where the clinic bills the visit, and
            so says that there was one.
        nobody_looked: The patient was perhaps seen, in a review that nobody decided.
    """

    patient: PatientFacts
    biller: str
    at: datetime
    place: Place
    building: str | None
    window: tuple[datetime, datetime]
    known_since: datetime | None
    status: AppointmentStatus | None
    nobody_looked: bool = False


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
        of_the_day: Whatever else the patient left on that day of the site.
        uptime: What was covered when.
    """
    if visit.place is not Place.SITE:
        return Verdict(VerdictKind.NOT_APPLICABLE, not_applicable=_ELSEWHERE[visit.place])
    starts_at, ends_at = visit.window
    coverage = uptime.coverage(visit.building, starts_at, ends_at, visit.known_since)
    produced = False
    if own:
        best, produced = _best(own, visit.biller)
        if best is not None:
            return Verdict(
                VerdictKind.VERIFIED,
                grade=VerdictGrade.of(best.grade),
                evidence=best,
                coverage=coverage,
            )
    refused = None if visit.status is None else _NO_VISIT.get(visit.status)
    if refused is not None:
        return Verdict(VerdictKind.NOT_APPLICABLE, not_applicable=refused, own_evidence=produced)
    if of_the_day:
        best, also = _best(_near(of_the_day, visit), visit.biller)
        produced = produced or also
        if best is not None:
            return Verdict(
                VerdictKind.VERIFIED,
                grade=VerdictGrade.SAME_DAY,
                evidence=best,
                coverage=coverage,
                own_evidence=produced,
            )
    cause = _unknown(visit, uptime, coverage.full, coverage.cause)
    if cause is not None:
        return Verdict(VerdictKind.UNKNOWN, cause=cause, coverage=coverage, own_evidence=produced)
    return Verdict(VerdictKind.UNVERIFIED, coverage=coverage, own_evidence=produced)


def _unknown(
    visit: Visit, uptime: SiteUptime, full: bool, cause: UnknownCause | None
) -> UnknownCause | None:
    """Why it can't be said that nobody came; None = it can."""
    if not full:
        return cause or UnknownCause.OUTSIDE_COVERAGE
    if visit.nobody_looked:
        return UnknownCause.NOBODY_LOOKED
    by_face = visit.patient.enrolled and not visit.patient.code_only
    if not by_face and not uptime.desk_open(visit.building, *visit.window):
        return UnknownCause.NO_CODE_DESK
    return None


def _near(of_the_day: Iterable[VisitEvidence], visit: Visit) -> list[VisitEvidence]:
    """Those pieces near enough in time, and not in another building."""
    earliest, latest = visit.at - SAME_DAY_AFTER, visit.at + SAME_DAY_BEFORE
    return [
        one
        for one in of_the_day
        if earliest <= one.occurred_at <= latest
        and (one.building is None or visit.building is None or one.building == visit.building)
    ]


def _best(evidence: Iterable[VisitEvidence], biller: str) -> tuple[VisitEvidence | None, bool]:
    """Return the best piece that the biller had no hand in, and whether there was one they had."""
    best: VisitEvidence | None = None
    produced = False
    for one in evidence:
        if biller in one.produced_by:
            produced = True
        elif best is None or _order(one) < _order(best):
            best = one
    return best, produced


def _order(one: VisitEvidence) -> tuple[int, int, datetime, str]:
    return _RANK[one.grade], _SOURCES[one.source], one.occurred_at, str(one.source_id)
