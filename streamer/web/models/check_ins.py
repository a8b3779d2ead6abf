"""Check-ins, and sightings that changed no status."""

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, Field

from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.presence import PresenceFlag
from streamer.web.fields import Note, Reference
from streamer.web.models.base import Answer, Sent


class CheckIn(Answer):
    """A check-in; `status` is its appointment's. What somebody may not know is null."""

    appointment_ref: str
    patient_ref: str
    method: Method
    evidence: EvidenceGrade
    occurred_at: datetime
    recorded_at: datetime | None
    status: str
    building: str | None
    camera: str | None
    device: str | None
    score: float | None
    threshold: float | None
    decided_by: str | None = Field(description="who confirmed it, or wrote it by hand")
    note: str | None
    undone_at: datetime | None
    undone_by: str | None
    undone_reason: str | None
    pseudonymous: bool = Field(False, description="the references are pseudonyms")


class ManualCheckIn(Sent):
    """That a patient came, on the word of whoever says so."""

    appointment_ref: Reference = Field(examples=["A-1001"])
    reason: Note = Field(
        description="why no other way was taken; is kept", examples=["camera is being repaired"]
    )
    at: AwareDatetime | None = Field(
        None,
        description="when the patient came, today or arrival.enter_afterwards_days ago; null = now",
        examples=[None],
    )


class ManualCheckInWritten(Answer):
    """What was written."""

    appointment_ref: str
    patient_ref: str
    occurred_at: datetime


class Undo(Sent):
    """Which check-in is taken back, and why."""

    appointment_ref: Reference = Field(examples=["A-1001"])
    reason: Note = Field(description="is kept", examples=["the wrong patient was picked"])
    wrong_person: bool = Field(
        False, description="somebody else was taken for the patient: their face is blocked today"
    )


class UndoneCheckIn(Answer):
    """What was taken back."""

    appointment_ref: str
    patient_ref: str
    method: Method
    occurred_at: datetime
    blocked: bool
    same_sighting: list[str] = Field(
        description="appointments that are still arrived by the very sighting"
    )


class Presence(Answer):
    """A sighting; start and status are its appointment's, where it has one."""

    presence_id: UUID
    patient_ref: str
    appointment_ref: str | None
    flag: PresenceFlag
    method: Method
    evidence: EvidenceGrade
    building: str | None
    camera: str | None
    device: str | None
    occurred_at: datetime
    recorded_at: datetime
    starts_at: datetime | None
    status: str | None
    score: float | None
    threshold: float | None
