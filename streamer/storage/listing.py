"""What the commands `kirdi appointments list` and `kirdi check-ins list` show."""

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
    """A check-in in force; `status` is its appointment's. Times are UTC."""

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

    async def check_ins(self, day: date) -> list[CheckInRow]:
        """Return the check-ins that happened on a day, in their order; raises the same."""
        span = LocalDay(day, self._zone)
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("list_check_ins"), self._site_id, span.start, span.end
            )
        return [CheckInRow(**row) for row in rows]
