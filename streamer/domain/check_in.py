"""The evidence that a patient came in for an appointment."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Method(StrEnum):
    """How the patient was recognised."""

    FACE = "face"
    """A camera found them among all who are expected."""
    DESK = "desk"
    """Reception picked the patient, a camera compared the face with theirs alone."""
    CODE = "code"
    QR = "qr"
    EGOV = "egov"
    MANUAL = "manual"

    @property
    def needs_consent(self) -> bool:
        """Does it rest on the patient's face?"""
        return self in (Method.FACE, Method.DESK)


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
        occurred_at: UTC, capture time of the frame that decided, or when the code was redeemed.
        score: Similarity of the match, and the `threshold` it had to reach.
        decided_by: Who looked at it and confirmed it; None where the match sufficed by itself.
        device_id: The kiosk or terminal a code was redeemed at.
        note: Why a person checked the patient in by hand.
        seen_at: When the face was seen that it rests on, where that was before `occurred_at`.
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
    device_id: str | None = None
    note: str | None = None
    seen_at: datetime | None = None


class Recorded(StrEnum):
    """What became of a proposed check-in."""

    WRITTEN = "written"
    DUPLICATE = "duplicate"
    REFUSED_STATUS = "refused_status"
    REFUSED_CONSENT = "refused_consent"
    REFUSED_WINDOW = "refused_window"
    REFUSED_UNKNOWN = "refused_unknown"
    REFUSED_BLOCKED = "refused_blocked"
    """A person has said today that whoever was taken for this patient was somebody else. Or it
    takes a person to write one: somebody has undone the appointment's check-in, or who bills it
    enrolled the face or recorded its consent."""
