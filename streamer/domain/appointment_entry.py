"""An appointment as people see it, in the clinic's references, with its evidence."""

from dataclasses import dataclass
from datetime import datetime

from streamer.domain.check_in import EvidenceGrade, Method


@dataclass(frozen=True, slots=True)
class EvidenceEntry:
    """The check-in in force; the time is UTC."""

    method: Method
    grade: EvidenceGrade
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class AppointmentEntry:
    """Times are UTC.

    Attributes:
        practitioner: Their name: it is on the door.
        evidence: None where nobody has checked in, or it was undone.
        ticket: By which number the patient is called; None = none was drawn.
    """

    appointment_ref: str
    patient_ref: str
    practitioner_ref: str
    practitioner: str
    service_code: str
    service_name: str
    starts_at: datetime
    ends_at: datetime
    status: str
    place: str
    department: str | None
    building: str | None
    room: str | None
    walk_in: bool
    evidence: EvidenceEntry | None
    ticket: int | None = None


@dataclass(frozen=True, slots=True)
class AppointmentFilter:
    """Which appointments of a day; None = whichever."""

    practitioner_ref: str | None = None
    patient_ref: str | None = None
    building: str | None = None
    room: str | None = None
    status: str | None = None
