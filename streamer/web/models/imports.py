"""Patients and appointments as another system knows them. Personal data: read, and kept nowhere."""

from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from streamer.domain.appointment import AppointmentStatus, Place
from streamer.web.fields import Day, Named, Reference
from streamer.web.models.base import Answer, Sent

MOST: Final = 1000
"""Records of one request."""

MOST_IMPORTED: Final = 4 << 20
"""Bytes of one request."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class ImportedPatient(Sent):
    """A patient. What is left out stays as it was, null clears it."""

    patient_ref: Reference = Field(description="never an identity number", examples=["P-17"])
    full_name: Text = Field(examples=["Ivanova Aigul"])
    id_type: Literal["iin", "passport", "birth_certificate"] | None = None
    id_number: Annotated[str, StringConstraints(max_length=64)] | None = None
    sex: Literal["male", "female", "other", "unknown"] | None = None
    birth_date: Day | None = None
    language: Annotated[str, StringConstraints(max_length=8)] | None = Field(None, examples=["kk"])
    phone: Annotated[str, StringConstraints(max_length=64)] | None = None
    attached_from: Day | None = None
    attached_to: Day | None = None
    deceased_on: Day | None = Field(None, description="ends every consent; the templates go")
    payer: Text | None = None
    guardian_refs: Annotated[list[Reference], Field(max_length=20)] | None = None
    is_staff: bool | None = Field(None, description="is not recognised; null = false")


class ImportedPatients(Sent):
    """Patients to be written: all of them or none. Each has the same members."""

    patients: Annotated[list[ImportedPatient], Field(min_length=1, max_length=MOST)]
    readmit: Annotated[list[Reference], Field(max_length=MOST)] = Field(
        [],
        description="of these patients, who was erased at their wish and is back; others stay out",
    )


class ImportedAppointment(Sent):
    """An appointment. What is left out stays as it was, null clears it."""

    appointment_ref: Reference = Field(examples=["A-1001"])
    patient_ref: Reference = Field(examples=["P-17"])
    practitioner_ref: Reference = Field(examples=["D-1"])
    practitioner_name: Text
    service_code: Text
    service_name: Text
    starts_at: AwareDatetime = Field(examples=["2026-11-30T09:00:00+05:00"])
    ends_at: AwareDatetime = Field(examples=["2026-11-30T09:20:00+05:00"])
    status: AppointmentStatus
    department: Text | None = None
    building: Named | None = None
    room: Text | None = None
    place: Place | None = Field(None, description="null = site")
    walk_in: bool | None = Field(None, description="null = false")
    status_changed_at: AwareDatetime | None = None


class ImportedAppointments(Sent):
    """Appointments to be written: all of them or none. Each has the same members."""

    appointments: Annotated[list[ImportedAppointment], Field(min_length=1, max_length=MOST)]


class ImportResult(Answer):
    """Counts of records; together they are all that were sent."""

    created: int
    updated: int
    unchanged: int
    left_out: int = Field(description="of patients who were erased at their wish")


def as_sent(records: list[ImportedPatient] | list[ImportedAppointment]) -> list[dict[str, Any]]:
    """What was given of each, and nothing of what was left out."""
    return [one.model_dump(exclude_unset=True) for one in records]
