"""The evidence that a patient came in for an appointment."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Method(StrEnum):
    """How the patient was recognised."""

    FACE = "face"


class EvidenceGrade(StrEnum):
    """What the evidence is worth; reports count the grades apart."""

    FACE = "face"
    EGOV = "egov"
    CODE = "code"
    DESK_CODE = "desk_code"
    GUARDIAN = "guardian"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A proposed check-in. `event_id` makes delivering it twice harmless.

    Attributes:
        occurred_at: UTC, capture time of the frame that decided.
        score: Similarity of the match, and the `threshold` it had to reach.
        decided_by: Who looked at it and confirmed it; None where the match sufficed by itself.
    """

    event_id: UUID
    site_id: str
    appointment_id: UUID
    patient_id: UUID
    method: Method
    evidence: EvidenceGrade
    occurred_at: datetime
    camera_id: str | None
    score: float | None
    threshold: float | None
    pack_id: str | None
    decided_by: str | None = None


class Recorded(StrEnum):
    """What became of a proposed check-in."""

    WRITTEN = "written"
    DUPLICATE = "duplicate"
    REFUSED_STATUS = "refused_status"
    REFUSED_CONSENT = "refused_consent"
    REFUSED_WINDOW = "refused_window"
    REFUSED_UNKNOWN = "refused_unknown"
