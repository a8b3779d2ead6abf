"""A check-in as people see it, in the clinic's references."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CheckInEntry:
    """`status` is its appointment's. Times are UTC.

    Attributes:
        decided_by: Who confirmed it or wrote it by hand; None where nobody did.
        note: Why it was written by hand.
    """

    event_id: UUID
    appointment_ref: str
    patient_ref: str
    method: str
    evidence: str
    occurred_at: datetime
    recorded_at: datetime
    status: str
    building: str | None
    camera: str | None
    device: str | None
    score: float | None
    threshold: float | None
    decided_by: str | None
    note: str | None
    undone_at: datetime | None
    undone_by: str | None
    undone_reason: str | None
