"""A presence as people see it, in the clinic's references."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PresenceEntry:
    """Start and status are its appointment's, where it has one. Times are UTC."""

    presence_id: UUID
    patient_ref: str
    appointment_ref: str | None
    flag: str
    method: str
    evidence: str
    building: str | None
    camera: str | None
    device: str | None
    occurred_at: datetime
    recorded_at: datetime
    starts_at: datetime | None
    status: str | None
    score: float | None
    threshold: float | None
