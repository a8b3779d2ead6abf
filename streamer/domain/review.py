"""A recognised patient whom a person has to look at before anything is written."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from matcher.face import Image
from streamer.domain.decision import Reason
from streamer.domain.identity import Band


class ReviewDecision(StrEnum):
    """What became of one candidate of a review."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    OTHER = "other"
    """Somebody else of the same review was confirmed: that says nothing about this patient."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ReviewCandidate:
    """A patient who comes into question, and the open appointments that would become arrived."""

    patient_id: UUID
    score: float
    appointments: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Review:
    """One waiting look. In the service's memory only; a restart forgets it.

    Attributes:
        opened_at: UTC; ten minutes later it is gone.
        captured_at: UTC, of the frame that the figures and the crop are of.
        candidates: The likeliest first; the first is whom the face was matched with.
        crop: RGB pixels of the face. Never written, never logged, gone with the review.
    """

    review_id: UUID
    opened_at: datetime
    captured_at: datetime
    camera_id: str
    track_id: int
    building: str
    reason: Reason
    band: Band
    threshold: float
    pack_id: str
    candidates: tuple[ReviewCandidate, ...]
    crop: Image | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """What is kept of a decided review for one candidate: opaque ids and figures, no picture.

    Attributes:
        lead: Whether this was the candidate whom the face was matched with.
        decided_by: The user of the machine who decided; the service itself where it expired.
    """

    review_id: UUID
    patient_id: UUID
    lead: bool
    appointments: tuple[UUID, ...]
    camera_id: str
    reason: Reason
    band: Band
    score: float
    threshold: float
    pack_id: str
    decision: ReviewDecision
    decided_by: str
    captured_at: datetime
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Rejection:
    """A person said "not this patient" of a match with this score."""

    patient_id: UUID
    score: float
    decided_at: datetime
