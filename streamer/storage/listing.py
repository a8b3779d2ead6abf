"""What `kirdi appointments|check-ins|presences|codes list` show."""

from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from streamer.domain.actor import Actor
from streamer.domain.code import CodeRow, CodeState
from streamer.storage.local_day import LocalDay
from streamer.storage.page_reader import PageReader, without_id


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
    pack_id: str | None = None


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
    """Reads a day of the site; the audit says who did, and whom they saw."""

    def __init__(self, pages: PageReader) -> None:
        """Keep how rows are read."""
        self._pages = pages

    async def appointments(self, day: date, by: Actor) -> list[AppointmentRow]:
        """Return the appointments that start on a day, in their order.

        Raises:
            DatabaseError: It refuses.
        """
        rows = await self._read("Appointment", "list_appointments", day, by)
        return [AppointmentRow(**without_id(row)) for row in rows]

    async def check_ins(self, day: date, by: Actor, undone: bool = False) -> list[CheckInRow]:
        """Return the check-ins that happened on a day, in their order; raises the same.

        Args:
            day: Of the site.
            by: Who looks.
            undone: Also those that were undone.
        """
        rows = await self._read("CheckIn", "list_check_ins", day, by, undone)
        return [CheckInRow(**without_id(row)) for row in rows]

    async def presences(self, day: date, by: Actor) -> list[PresenceRow]:
        """Return who was seen on a day without arriving by it, in their order; raises the same."""
        rows = await self._read("Presence", "list_presences", day, by)
        return [PresenceRow(**without_id(row)) for row in rows]

    async def codes(self, day: date, by: Actor) -> list[CodeRow]:
        """Return the codes in force at some time of a day, in the order of their issue."""
        rows = await self._read("Code", "list_codes", day, by, self._pages.now())
        return [CodeRow(**{**without_id(row), "state": CodeState(row["state"])}) for row in rows]

    async def _read(
        self, what: str, name: str, day: date, by: Actor, *more: object
    ) -> list[asyncpg.Record]:
        span = LocalDay(day, self._pages.zone)
        values = (self._pages.site_id, span.start, span.end, *more)
        return await self._pages.whole(by, what, name, values)
