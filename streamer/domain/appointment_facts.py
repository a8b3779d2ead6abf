"""An appointment as reports read it."""

from datetime import datetime
from uuid import UUID

import msgspec

from streamer.domain.appointment import AppointmentStatus, Place


class AppointmentFacts(msgspec.Struct, frozen=True, gc=False):
    """Times are aware, UTC.

    Attributes:
        recorded_at: When Kirdi first knew of it; None = before that was noted.
        former_refs: Practitioners whose it was, with this patient, before an import said otherwise.
    """

    appointment_id: UUID
    appointment_ref: str
    patient_id: UUID
    practitioner_ref: str
    practitioner_name: str
    service_code: str
    service_name: str
    starts_at: datetime
    status: AppointmentStatus
    department: str | None
    building: str | None
    room: str | None
    place: Place
    recorded_at: datetime | None
    former_refs: tuple[str, ...] = ()
