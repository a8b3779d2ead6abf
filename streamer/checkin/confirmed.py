"""What follows where a person has said that a face is the patient's. Pure.

Used by `checkin.review_desk`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from streamer.checkin.decision import ArrivalPolicy
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method
from streamer.domain.presence import Presence, PresenceFlag, presence_id
from streamer.domain.review import Review, ReviewCandidate
from streamer.domain.review_report import ReviewReferences

NOTE: Final = "seen before the window opened, confirmed after"


def check_ins_of(
    site_id: str,
    review: Review,
    candidate: ReviewCandidate,
    opened: Sequence[UUID],
    decided_by: str,
    now: datetime,
) -> list[CheckIn]:
    """Return those of the candidate's appointments.

    Args:
        site_id: Where.
        review: What the person has looked at.
        candidate: Who it is.
        opened: See `opened_since`; these are arrived at as of `now`, the others as of the sighting.
        decided_by: Who says so.
        now: When.
    """
    moments: dict[UUID, tuple[datetime, str | None]] = dict.fromkeys(
        candidate.appointments, (review.captured_at, None)
    )
    moments = {**dict.fromkeys(opened, (now, NOTE)), **moments}
    return [
        CheckIn(
            # The same again when a confirmation is repeated: what was written stays written once.
            event_id=uuid5(review.review_id, str(key)),
            site_id=site_id,
            appointment_id=key,
            patient_id=candidate.patient_id,
            method=Method.FACE,
            evidence=EvidenceGrade.FACE,
            occurred_at=at,
            camera_id=review.camera_id,
            score=candidate.score,
            threshold=review.threshold,
            pack_id=review.pack_id,
            decided_by=decided_by,
            note=note,
            seen_at=review.captured_at,
        )
        for key, (at, note) in moments.items()
    ]


def opened_since(
    candidate: ReviewCandidate, described: ReviewReferences, policy: ArrivalPolicy, now: datetime
) -> list[UUID]:
    """Return what the patient was too early for when they were seen, and is not any more.

    They are in the house, and a person has just said so: nobody has to pass the camera again.
    """
    return [
        one.appointment_id
        for one in candidate.seen
        if one.flag is PresenceFlag.EARLY
        and one.appointment_id is not None
        and one.appointment_id in described.open
        and policy.arrives_at(described.appointments[one.appointment_id].starts_at, now)
    ]


def presences_of(
    site_id: str, review: Review, candidate: ReviewCandidate, decided_by: str
) -> list[Presence]:
    """Return what the sighting was where nothing becomes arrived by it."""
    return [
        Presence(
            presence_id=presence_id(
                candidate.patient_id,
                one.appointment_id,
                one.flag,
                Method.FACE,
                review.camera_id,
                review.captured_at,
            ),
            site_id=site_id,
            patient_id=candidate.patient_id,
            appointment_id=one.appointment_id,
            flag=one.flag,
            method=Method.FACE,
            evidence=EvidenceGrade.FACE,
            occurred_at=review.captured_at,
            building=review.building,
            camera_id=review.camera_id,
            score=candidate.score,
            threshold=review.threshold,
            pack_id=review.pack_id,
            decided_by=decided_by,
        )
        for one in candidate.seen
    ]
