"""Appointments, check-ins and presences of a day, for whoever may see them. Asked by the API."""

import dataclasses
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg

from streamer.domain.appointment_entry import AppointmentEntry, AppointmentFilter, EvidenceEntry
from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.check_in_entry import CheckInEntry
from streamer.domain.page import Page, Slice
from streamer.domain.presence_entry import PresenceEntry
from streamer.domain.sight import Sight
from streamer.storage.local_day import LocalDay
from streamer.storage.page_reader import PageReader, moment, place_of, text, without_id
from streamer.storage.queries import sql

_COLUMNS: Final = tuple(
    one.name for one in dataclasses.fields(AppointmentEntry) if one.name != "evidence"
)


class VisitsReader:
    """Reads what happened at one site."""

    def __init__(self, pages: PageReader) -> None:
        """Keep how rows are read."""
        self._pages = pages

    async def appointments(
        self, sight: Sight, day: date, wanted: AppointmentFilter, part: Slice
    ) -> Page[AppointmentEntry]:
        """Those that start on a day, by start.

        Raises:
            InputError: `part.after` is no place in this list.
            DatabaseError: It refuses.
        """
        span = LocalDay(day, self._pages.zone)
        at, ref = place_of(part, moment, text)
        return await self._pages.page(
            sight,
            part,
            "Appointment",
            "read_appointments",
            (
                *self._pages.seen_by(sight),
                span.start,
                span.end,
                wanted.practitioner_ref,
                wanted.patient_ref,
                wanted.building,
                wanted.room,
                wanted.status,
                at,
                ref,
            ),
            appointment_from,
            lambda row: (row["starts_at"].isoformat(), row["appointment_ref"]),
        )

    async def appointment(self, sight: Sight, appointment_ref: str) -> AppointmentEntry | None:
        """One of them; None where there is none to be seen; raises DatabaseError."""
        async with self._pages.transaction() as connection:
            row = await connection.fetchrow(
                sql("read_appointment"), *self._pages.seen_by(sight), appointment_ref
            )
            if row is None:
                return None
            await self._pages.tell(connection, sight, "Appointment", [row])
        return appointment_from(row)

    async def check_ins(
        self, sight: Sight, day: date, undone: bool, patient_ref: str | None, part: Slice
    ) -> Page[CheckInEntry]:
        """Those of a day, in their order; raises as `appointments`.

        Args:
            sight: Whose.
            day: Of the site.
            undone: Also those that were undone.
            patient_ref: Only this patient's.
            part: Which of them.
        """
        span = LocalDay(day, self._pages.zone)
        return await self._pages.page(
            sight,
            part,
            "CheckIn",
            "read_check_ins",
            (
                *self._pages.seen_by(sight),
                span.start,
                span.end,
                undone,
                patient_ref,
                *place_of(part, moment, UUID),
            ),
            lambda row: CheckInEntry(**without_id(row)),
            lambda row: (row["occurred_at"].isoformat(), str(row["event_id"])),
        )

    async def presences(
        self, sight: Sight, day: date, patient_ref: str | None, part: Slice
    ) -> Page[PresenceEntry]:
        """Who was seen on a day without arriving by it; raises as `appointments`."""
        span = LocalDay(day, self._pages.zone)
        return await self._pages.page(
            sight,
            part,
            "Presence",
            "read_presences",
            (
                *self._pages.seen_by(sight),
                span.start,
                span.end,
                patient_ref,
                *place_of(part, moment, UUID),
            ),
            lambda row: PresenceEntry(**without_id(row)),
            lambda row: (row["occurred_at"].isoformat(), str(row["presence_id"])),
        )


def appointment_from(row: asyncpg.Record) -> AppointmentEntry:
    """Make one of a row, whatever else it holds."""
    values = {name: row[name] for name in _COLUMNS}
    evidence = None
    if row["method"] is not None:
        method, grade = Method(row["method"]), EvidenceGrade(row["evidence"])
        evidence = EvidenceEntry(method, grade, row["occurred_at"])
    return AppointmentEntry(**values, evidence=evidence)
