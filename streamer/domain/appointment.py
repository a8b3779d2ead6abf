"""An appointment as the decision needs it. Status and place follow FHIR R4 and docs/glossary.md."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class AppointmentStatus(StrEnum):
    """FHIR R4 `Appointment.status`."""

    PROPOSED = "proposed"
    PENDING = "pending"
    BOOKED = "booked"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"
    ENTERED_IN_ERROR = "entered-in-error"
    CHECKED_IN = "checked-in"
    WAITLIST = "waitlist"


class Place(StrEnum):
    """Where the visit happens; a camera at the site says something only about `site`."""

    SITE = "site"
    HOME = "home"
    REMOTE = "remote"
    MOBILE = "mobile"
    OUTREACH = "outreach"


@dataclass(frozen=True, slots=True)
class Appointment:
    """Opaque ids and times only: this record may stand in Redis.

    Attributes:
        starts_at: Aware, UTC; the visit is the half-open range [starts_at, ends_at).
        building: Which building of the site; None = any.
    """

    appointment_id: UUID
    patient_id: UUID
    starts_at: datetime
    ends_at: datetime
    status: AppointmentStatus
    place: Place
    building: str | None
