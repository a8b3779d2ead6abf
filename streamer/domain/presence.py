"""That a patient was seen where no appointment could become arrived by it. It changes no status."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from streamer.domain.check_in import EvidenceGrade, Method


class PresenceFlag(StrEnum):
    """What kind of presence it is, with respect to its appointment."""

    EARLY = "early"
    LATE = "late"
    AGAIN = "again"
    """The appointment had been arrived at before: more evidence of the same visit."""
    UNBOOKED = "unbooked"
    """There was no appointment it belonged to."""
    CONFLICT = "conflict"
    """The appointment's status says that this patient did not come, or somewhere else."""


@dataclass(frozen=True, slots=True)
class Presence:
    """One sighting of a known, consenting patient. `presence_id` makes writing it twice harmless.

    Attributes:
        appointment_id: What it is evidence for; None where nothing fits.
        occurred_at: UTC, capture time.
        score: Similarity of the match, and the `threshold` it had to reach; None without a face.
    """

    presence_id: UUID
    site_id: str
    patient_id: UUID
    appointment_id: UUID | None
    flag: PresenceFlag
    method: Method
    evidence: EvidenceGrade
    occurred_at: datetime
    building: str | None
    camera_id: str | None = None
    device_id: str | None = None
    score: float | None = None
    threshold: float | None = None
    pack_id: str | None = None
