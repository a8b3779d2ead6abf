"""A recognised patient whom a person has to look at before anything is written."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from matcher.face import Image
from streamer.domain.check_in import EvidenceGrade, Method, Recorded
from streamer.domain.decision import Reason, SeenFor
from streamer.domain.identity import Band
from streamer.domain.presence import PresenceFlag

LIFETIME: Final = timedelta(minutes=10)
"""A review that nobody has decided by then is over."""


class ReviewDecision(StrEnum):
    """What became of one candidate of a review."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    OTHER = "other"
    """Somebody else of the same review was confirmed: that says nothing about this patient."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ReviewCandidate:
    """A patient who comes into question, and the open appointments that would become arrived.

    Attributes:
        seen: Presences that a confirmation leaves; nothing of them is written before.
    """

    patient_id: UUID
    score: float
    appointments: tuple[UUID, ...]
    seen: tuple[SeenFor, ...] = ()

    @property
    def flags(self) -> tuple[PresenceFlag, ...]:
        """What kinds of presences, each once, in one order."""
        return tuple(sorted({one.flag for one in self.seen}))


@dataclass(frozen=True, slots=True, eq=False)
class Review:
    """One waiting look at a face. In the service's memory only; a restart ends it.

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
        camera_id: None where no camera had a part in it, and so with the figures of a face.
        decided_by: The user of the machine who decided; the service itself where it expired.
        flags: What kinds of presences a confirmation was asked for.
    """

    review_id: UUID
    patient_id: UUID
    lead: bool
    appointments: tuple[UUID, ...]
    camera_id: str | None
    reason: Reason
    band: Band | None
    score: float | None
    threshold: float | None
    pack_id: str | None
    decision: ReviewDecision
    decided_by: str
    captured_at: datetime
    decided_at: datetime
    method: Method = Method.FACE
    evidence: EvidenceGrade = EvidenceGrade.FACE
    device_id: str | None = None
    flags: tuple[PresenceFlag, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What became of what a decision led to, in order."""

    check_ins: tuple[Recorded, ...] = ()
    presences: tuple[Recorded, ...] = ()

    @property
    def arrived(self) -> bool:
        """Is the patient in for something of it, be it since before?"""
        return not {Recorded.WRITTEN, Recorded.DUPLICATE}.isdisjoint(self.check_ins)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A person said "not this patient" of a match with this score."""

    patient_id: UUID
    score: float
    decided_at: datetime
