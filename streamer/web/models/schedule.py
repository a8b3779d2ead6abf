"""The day whole, as a page shows and follows it."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.day_row import DayRow
from streamer.domain.presence import PresenceFlag
from streamer.web.models.appointments import Appointment, Evidence
from streamer.web.models.base import Answer


class Live(Answer):
    """What of a row changes while it is shown. Of what has left the day only `gone` is said."""

    key: UUID | None
    starts_at: datetime
    ends_at: datetime
    status: AppointmentStatus
    place: Place
    building: str | None = None
    room: str | None = None
    evidence: Evidence | None = None
    seen: list[PresenceFlag] | None = Field(
        None, description="flags of the presences that belong to it; null: not for you to know"
    )
    code_until: datetime | None = Field(None, description="a code for it is in force until then")
    enrolled: bool | None = Field(
        None,
        description="the patient consents to recognition and is enrolled; null: not for you",
    )


class ScheduleRow(Live):
    """An appointment of the day. What somebody may not know is left out."""

    appointment_ref: str = Field(examples=["A-1001"])
    patient_ref: str = Field(examples=["P-17"])
    patient: str | None = Field(None, description="the name, with `patients:read` and `names:read`")
    practitioner_ref: str
    practitioner: str | None = None
    service_name: str | None = None
    department: str | None = None
    walk_in: bool
    ticket: int | None = Field(None, description="the number by which the board calls them")
    pseudonymous: bool = Field(False, description="the references are pseudonyms")


class Schedule(Answer):
    """Today. `after` is where to follow from: `GET /events?after=`."""

    date: date
    rows: list[ScheduleRow]
    more: bool = Field(description="there are more rows than a page can have")
    after: str | None = Field(description="null: what happens is not told; ask again")


def live_of(row: DayRow, *, seen: bool, codes: bool, consents: bool) -> Live:
    """What changes of a row.

    Args:
        row: It.
        seen: With the presences' flags.
        codes: With what codes there are.
        consents: With whether the patient consents and is enrolled.
    """
    return Live(**_live_values(row, seen, codes, consents))


def schedule_row(row: DayRow, *, seen: bool, codes: bool, consents: bool) -> ScheduleRow:
    """All of a row; with what `live_of` has."""
    entry = row.entry
    return ScheduleRow(
        **_live_values(row, seen, codes, consents),
        appointment_ref=entry.appointment_ref,
        patient_ref=entry.patient_ref,
        patient=row.patient,
        practitioner_ref=entry.practitioner_ref,
        practitioner=entry.practitioner,
        service_name=entry.service_name,
        department=entry.department,
        walk_in=entry.walk_in,
        ticket=entry.ticket,
    )


def pseudonymous_row(appointment: Appointment) -> ScheduleRow:
    """A row under pseudonyms; it has no key, and is not followed."""
    return ScheduleRow(
        key=None,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        status=appointment.status,
        place=appointment.place,
        evidence=appointment.evidence,
        appointment_ref=appointment.appointment_ref,
        patient_ref=appointment.patient_ref,
        practitioner_ref=appointment.practitioner_ref,
        walk_in=appointment.walk_in,
        pseudonymous=True,
    )


def _live_values(row: DayRow, seen: bool, codes: bool, consents: bool) -> dict[str, object]:
    entry = row.entry
    return {
        "key": row.key,
        "starts_at": entry.starts_at,
        "ends_at": entry.ends_at,
        "status": entry.status,
        "place": entry.place,
        "building": entry.building,
        "room": entry.room,
        "evidence": None if entry.evidence is None else Evidence.model_validate(entry.evidence),
        "seen": list(row.seen) if seen else None,
        "code_until": row.code_until if codes else None,
        "enrolled": row.enrolled if consents else None,
    }
