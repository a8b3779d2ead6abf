"""An appointment as a clinic's system exports it, in the clinic's own references."""

from dataclasses import dataclass
from datetime import datetime

from streamer.domain.appointment import AppointmentStatus, Place


@dataclass(frozen=True, slots=True)
class Booking:
    """One row of an appointments import. Times are aware, UTC.

    Attributes:
        walk_in: The patient came without a booking.
        status_changed_at: When the clinic's system set `status`, where it says so.
    """

    appointment_ref: str
    patient_ref: str
    practitioner_ref: str
    practitioner_name: str
    service_code: str
    service_name: str
    starts_at: datetime
    ends_at: datetime
    status: AppointmentStatus
    department: str | None = None
    building: str | None = None
    room: str | None = None
    place: Place = Place.SITE
    walk_in: bool = False
    status_changed_at: datetime | None = None
