"""What `kirdi appointments list`, `kirdi check-ins list` and `kirdi presences list` show."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from streamer.storage.local_day import LocalDay
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql


@dataclass(frozen=True, slots=True)
class AppointmentRow:
    """An appointment in the clinic's references. Times are UTC."""

    appointment_ref: str
    patient_ref: str
    practitioner_ref: str
    service_code: str
    service_name: str
    starts_at: datetime
    ends_at: datetime
    status: str
    place: str
    building: str | None
    room: str | None


@dataclass(frozen=True, slots=True)
class CheckInRow:
    """A check-in; `status` is its appointment's. Times are UTC."""

    appointment_ref: str
    patient_ref: str
    method: str
    camera: str | None
    occurred_at: datetime
    recorded_at: datetime
    score: float | None
    status: str
    evidence: str
    threshold: float | None
    decided_by: str | None = None
    device_id: str | None = None
    note: str | None = None
    undone_at: datetime | None = None
    undone_by: str | None = None
    undone_reason: str | None = None


@dataclass(frozen=True, slots=True)
class PresenceRow:
    """A presence; status and start are its appointment's, where it has one. Times are UTC."""

    patient_ref: str
    appointment_ref: str | None
    flag: str
    method: str
    evidence: str
    building: str | None
    camera: str | None
    device_id: str | None
    occurred_at: datetime
    recorded_at: datetime
    starts_at: datetime | None
    status: str | None
    score: float | None
    threshold: float | None
    decided_by: str | None


class Listing:
    """Reads a day of the site."""

    def __init__(self, postgres: Postgres, site_id: str, zone: tzinfo) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site_id = site_id
        self._zone = zone

    async def appointments(self, day: date) -> list[AppointmentRow]:
        """Return the appointments that start on a day, in their order.

        Raises:
            DatabaseError: It refuses.
        """
        span = LocalDay(day, self._zone)
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("list_appointments"), self._site_id, span.start, span.end
            )
        return [AppointmentRow(**row) for row in rows]

    async def check_ins(self, day: date, undone: bool = False) -> list[CheckInRow]:
        """Return the check-ins that happened on a day, in their order; raises the same.

        Args:
            day: Of the site.
            undone: Also those that were undone.
        """
        span = LocalDay(day, self._zone)
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("list_check_ins"), self._site_id, span.start, span.end, undone
            )
        return [CheckInRow(**row) for row in rows]

    async def presences(self, day: date) -> list[PresenceRow]:
        """Return who was seen on a day without arriving by it, in their order; raises the same."""
        span = LocalDay(day, self._zone)
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("list_presences"), self._site_id, span.start, span.end
            )
        return [PresenceRow(**row) for row in rows]
