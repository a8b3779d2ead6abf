"""How waiting reviews are shown, in the clinic's own references; and who of one is meant. Pure.

Used by `checkin.review_desk` for faces and `checkin.shown_desk` for everything else.
"""

from collections.abc import Iterable
from uuid import UUID

from streamer.domain.decision import Reason, SeenFor
from streamer.domain.presence import PresenceFlag
from streamer.domain.review import LIFETIME, Review, ReviewCandidate
from streamer.domain.review_report import (
    CandidateReport,
    ReviewReferences,
    ReviewReport,
    SeenReport,
)
from streamer.domain.shown_review import ShownReview
from streamer.errors import InputError


def chosen(review: Review, patient_ref: str, described: ReviewReferences) -> ReviewCandidate:
    """Return the candidate who is meant; an empty reference will do where there is one only.

    Raises:
        InputError: There is none such, or nobody of it consents any more.
    """
    people = described.consenting(review.captured_at)
    known = {people[one.patient_id]: one for one in review.candidates if one.patient_id in people}
    if not known:
        raise InputError(
            f"review {review.review_id}: nobody of it consents to recognition any more, or has "
            "ever since this face was seen; nothing was written: check the patient in by code or "
            "by hand",
            code="consent_gone",
        )
    if patient_ref in known:
        return known[patient_ref]
    if not patient_ref and len(known) == len(review.candidates) == 1:
        return review.candidates[0]
    raise InputError(
        f"review {review.review_id}: say which patient it is ({', '.join(sorted(known))})",
        command="by --patient",
    )


def face_waits(review: Review, described: ReviewReferences) -> bool:
    """Is there still something for a person to decide?"""
    people = described.consenting(review.captured_at)
    return any(
        one.patient_id in people
        and (
            not _shown(review.reason, described).isdisjoint(one.appointments)
            or any(_counts(seen, described) for seen in one.seen)
        )
        for one in review.candidates
    )


def face_report(review: Review, described: ReviewReferences) -> ReviewReport:
    """A face that waits."""
    shown, people = _shown(review.reason, described), described.consenting(review.captured_at)
    return ReviewReport(
        review_id=str(review.review_id),
        opened_at=review.opened_at,
        expires_at=review.opened_at + LIFETIME,
        captured_at=review.captured_at,
        camera_id=review.camera_id,
        building=review.building,
        reason=review.reason,
        band=review.band,
        threshold=review.threshold,
        candidates=tuple(
            CandidateReport(
                patient_ref=people[one.patient_id],
                score=one.score,
                appointments=tuple(
                    described.appointments[key] for key in one.appointments if key in shown
                ),
                seen=tuple(
                    SeenReport(seen.flag, described.appointments.get(seen.appointment_id))
                    for seen in one.seen
                    if seen.appointment_id is not None and _counts(seen, described)
                ),
            )
            for one in review.candidates
            if one.patient_id in people
        ),
    )


def shown_waits(review: ShownReview, described: ReviewReferences) -> bool:
    """Is there still something for a person to decide?"""
    return review.patient_id in _people(review, described) and not _shown(
        review.reason, described
    ).isdisjoint(review.appointments)


def shown_report(review: ShownReview, described: ReviewReferences) -> ReviewReport:
    """What was shown by other means, and waits."""
    shown = _shown(review.reason, described)
    return ReviewReport(
        review_id=str(review.review_id),
        opened_at=review.opened_at,
        expires_at=review.opened_at + LIFETIME,
        captured_at=review.shown_at,
        camera_id=review.camera_id,
        building=review.building,
        reason=review.reason,
        band=None,
        threshold=review.threshold,
        candidates=(
            CandidateReport(
                patient_ref=_people(review, described)[review.patient_id],
                score=review.score,
                appointments=tuple(
                    described.appointments[key] for key in review.appointments if key in shown
                ),
            ),
        ),
        method=review.method,
        evidence=review.evidence,
        device_id=review.device_id,
    )


def check_patient(review: ShownReview, patient_ref: str, described: ReviewReferences) -> None:
    """Raise InputError where somebody else is named, or what it rests on is gone."""
    people = _people(review, described)
    if review.patient_id not in people:
        raise InputError(
            f"review {review.review_id}: the patient does not consent to recognition any more, or "
            "has not ever since this face was seen; nothing was written: check them in by code or "
            "by hand",
            code="consent_gone",
        )
    if patient_ref not in ("", people[review.patient_id]):
        raise InputError(
            f"review {review.review_id}: is about {people[review.patient_id]}, not {patient_ref}"
        )


def sought(candidates: Iterable[ReviewCandidate]) -> frozenset[UUID]:
    """The appointments that anything about the candidates refers to."""
    return frozenset(
        key
        for one in candidates
        for key in (*one.appointments, *(seen.appointment_id for seen in one.seen))
        if key is not None
    )


def _people(review: ShownReview, described: ReviewReferences) -> dict[UUID, str]:
    """Whose word or code it is needs no consent to recognition; whose face it is does."""
    if review.method.needs_consent:
        return described.consenting(review.shown_at)
    return dict(described.known)


def _shown(reason: Reason, described: ReviewReferences) -> frozenset[UUID]:
    """What a person still has to see: of a conflict or a dispute what it is about."""
    if reason is Reason.DISPUTED:
        return described.arrived
    if reason is Reason.NOSHOW_SET:
        return described.open | described.denied
    return described.open


def _counts(seen: SeenFor, described: ReviewReferences) -> bool:
    """Is the presence still worth keeping? Not where the patient has arrived meanwhile."""
    if seen.flag in (PresenceFlag.EARLY, PresenceFlag.LATE):
        return seen.appointment_id in described.open
    return seen.appointment_id in described.appointments
