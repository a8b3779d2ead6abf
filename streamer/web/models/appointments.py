"""Appointments, with the evidence that their patients came."""

from datetime import datetime

from pydantic import Field

from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.check_in import EvidenceGrade, Method
from streamer.web.models.base import Answer


class Evidence(Answer):
    """The check-in in force."""

    method: Method
    grade: EvidenceGrade
    occurred_at: datetime


class Appointment(Answer):
    """An appointment. What somebody may not know is null; references are pseudonyms then."""

    appointment_ref: str = Field(examples=["A-1001"])
    patient_ref: str = Field(examples=["P-17"])
    practitioner_ref: str = Field(examples=["D-3"])
    practitioner: str | None = Field(examples=["Dr Three"])
    service_code: str | None
    service_name: str | None
    starts_at: datetime
    ends_at: datetime
    status: AppointmentStatus
    place: Place
    department: str | None
    building: str | None
    room: str | None
    walk_in: bool
    ticket: int | None = Field(None, description="the number by which the board calls them")
    evidence: Evidence | None = Field(description="null: nobody has checked in, or it was undone")
    pseudonymous: bool = Field(False, description="the references are pseudonyms")
