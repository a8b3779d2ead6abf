"""Imports appointments: all of a file or nothing of it, and the second time nothing changes.

Called by `kirdi appointments import`.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Protocol
from uuid import UUID, uuid4

import asyncpg

from streamer.domain.actor import SERVICE, Actor
from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.booking import Booking
from streamer.domain.rows import over, selected, where
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.bad_lines import BadLines
from streamer.storage.erased_references import ErasedReferences
from streamer.storage.import_events import import_event, naming_events
from streamer.storage.import_result import ImportResult
from streamer.storage.local_day import LocalDay
from streamer.storage.merged_status import merged_status
from streamer.storage.own_patients import OwnPatientError, own_visits_among, practitioner_refs_of
from streamer.storage.postgres import Connection, Postgres, write_rows
from streamer.storage.queries import sql
from streamer.storage.refusals import refusals_recorded
from streamer.storage.statistics import refresh_statistics
from streamer.storage.tickets import draw_tickets

# One statement over a whole file may take longer than the pool's limit for a single row.
_STATEMENT_TIMEOUT_S = 30.0


class ScheduleListener(Protocol):
    """Is told, after the commit, which days are not as they were."""

    async def invalidate(self, days: Sequence[date]) -> None:
        """Forget what is cached of these days; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class _Change:
    """One appointment that is new or becomes another one.

    Attributes:
        index: Its place among the bookings.
        whose: Pairs of patient and practitioner, before and after.
        starts: Before and after.
    """

    index: int
    appointment_id: UUID
    whose: tuple[tuple[UUID, UUID], ...]
    starts: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to write, and for which of the site's days that matters."""

    inserts: list[tuple[object, ...]] = field(default_factory=list)
    updates: list[tuple[object, ...]] = field(default_factory=list)
    days: set[date] = field(default_factory=set)
    changes: list[_Change] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Known:
    """The database's side: ids by the clinic's references, and stored rows."""

    patients: dict[str, UUID]
    practitioners: dict[str, UUID]
    rows: dict[str, asyncpg.Record]
    checked_in: set[UUID]


class AppointmentsImport:
    """Writes appointments and their practitioners."""

    def __init__(
        self,
        postgres: Postgres,
        site_id: str,
        zone: tzinfo,
        listener: ScheduleListener,
        erased: ErasedReferences | None = None,
    ) -> None:
        """Keep the collaborators; `listener` is the schedule cache.

        Appointments of patients whom `erased` knows are left out.
        """
        self._erased = erased
        self._postgres = postgres
        self._site_id = site_id
        self._zone = zone
        self._listener = listener

    async def run(
        self, bookings: Sequence[Booking], now: datetime, by: Actor = SERVICE
    ) -> ImportResult:
        """Write every appointment in one transaction.

        No status moves backwards: an appointment that is already `arrived` stays so where the file
        still says `booked`; what the hospital system alone sets (`checked-in`, `fulfilled`,
        `cancelled`, `noshow`) wins (see `merged_status`). An empty cell clears what was stored; a
        column the file lacks leaves it as it was. Practitioners are created or renamed on the way.

        Whose an appointment was is kept. Who is a practitioner changes none of their own, nor any
        of patients whom they see that day: neither to themselves nor to somebody else.

        Args:
            bookings: From `exchange.read_appointments`, so that errors can name the line.
            now: Aware; stands in for a `status_changed_at` the file does not give.
            by: Who imports.

        Raises:
            InputError: An unknown patient, a row that cannot be, one of the importer's own, or an
                appointment with a check-in that goes to another patient or day; only the record of
                it was written.
            DatabaseError: Nothing was written.
        """
        _refuse_duplicates(bookings)
        given = len(bookings)
        attempt = AuditEvent(
            AuditKind.IMPORT, AuditAction.EXECUTE, by.name, now, entity_type="Appointment"
        )
        async with (
            refusals_recorded(self._postgres, self._site_id, attempt),
            self._postgres.transaction() as connection,
        ):
            await connection.execute(sql("lock_for_transaction"), f"import {self._site_id}")
            bookings = await self._without_erased(connection, bookings)
            known = await self._known(connection, bookings)
            plan = self._plan(bookings, known, now)
            await self._refuse_own(connection, bookings, plan, by)
            await write_rows(connection, sql("insert_appointment"), plan.inserts)
            await write_rows(connection, sql("update_appointment"), plan.updates)
            await self._keep_former(connection, plan, by, now)
            created, updated = len(plan.inserts), len(plan.updates)
            unchanged = len(bookings) - created - updated
            result = ImportResult(created, updated, unchanged, given - len(bookings))
            # Nothing of days that are over: years of them may be imported at once.
            today = LocalDay.containing(now, self._zone).day
            coming = [day for day in plan.days if day >= today]
            await draw_tickets(connection, self._site_id, self._zone, coming)
            event = import_event("Appointment", result, by, now)
            await append(connection, self._site_id, _named(event, plan))
        await refresh_statistics(self._postgres, created + updated)
        if plan.days:
            await self._listener.invalidate(sorted(plan.days))
        return result

    async def _without_erased(
        self, connection: Connection, bookings: Sequence[Booking]
    ) -> Sequence[Booking]:
        if self._erased is None:
            return bookings
        out = await self._erased.among(connection, {one.patient_ref for one in bookings})
        if not out:
            return bookings
        kept = [(index, one) for index, one in enumerate(bookings) if one.patient_ref not in out]
        return selected(bookings, kept)

    async def _known(self, connection: Connection, bookings: Sequence[Booking]) -> _Known:
        site_id = self._site_id
        names = {one.practitioner_ref: one.practitioner_name for one in bookings}
        # In a fixed order, so that two writers never lock the same rows crosswise.
        upserts = [(uuid4(), site_id, ref, name) for ref, name in sorted(names.items())]
        await write_rows(connection, sql("upsert_practitioner"), upserts)
        practitioners = await connection.fetch(sql("practitioner_ids"), site_id, list(names))
        refs = list({one.patient_ref for one in bookings})
        patients = await connection.fetch(
            sql("patient_ids"), site_id, refs, timeout=_STATEMENT_TIMEOUT_S
        )
        rows = await connection.fetch(
            sql("appointments_for_import"),
            site_id,
            [one.appointment_ref for one in bookings],
            timeout=_STATEMENT_TIMEOUT_S,
        )
        checked_in = await connection.fetch(
            sql("appointments_checked_in"), [row["appointment_id"] for row in rows]
        )
        return _Known(
            {row["patient_ref"]: row["patient_id"] for row in patients},
            {row["practitioner_ref"]: row["practitioner_id"] for row in practitioners},
            {row["appointment_ref"]: row for row in rows},
            {row["appointment_id"] for row in checked_in},
        )

    def _plan(self, bookings: Sequence[Booking], known: _Known, now: datetime) -> _Plan:
        plan = _Plan()
        for index, given in enumerate(bookings):
            patient_id = known.patients.get(given.patient_ref)
            if patient_id is None:
                # The value is not repeated: somebody may have put an identity number there.
                raise InputError(
                    f"{where(bookings, index, 'patient_ref')}: no patient of this site has this "
                    "reference; import the patients first"
                )
            practitioner_id = known.practitioners[given.practitioner_ref]
            row = known.rows.get(given.appointment_ref)
            if row is None:
                fields = _fields(given, patient_id, practitioner_id, given.status_changed_at or now)
                made = uuid4()
                plan.inserts.append((made, self._site_id, given.appointment_ref, *fields))
                pair = (patient_id, practitioner_id)
                plan.changes.append(_Change(index, made, (pair,), (given.starts_at,)))
                plan.days.add(LocalDay.containing(given.starts_at, self._zone).day)
                continue
            if row["patient_id"] != patient_id and row["appointment_id"] in known.checked_in:
                raise InputError(
                    f"{where(bookings, index, 'patient_ref')}: this appointment was checked in for "
                    "another patient; undo that check-in first, or give a new appointment_ref"
                )
            before = _stored(row, given)
            after, changed_at = _merged(before, over(before, given, bookings), now)
            if row["appointment_id"] in known.checked_in and self._leaves_arrival(before, after):
                raise InputError(
                    f"{where(bookings, index, 'starts_at')}: the patient was checked in for this "
                    f"appointment on {self._day(before.starts_at)}, and it cannot move to another "
                    "day with that; undo that check-in first, or give a new appointment_ref",
                )
            fields = _fields(after, patient_id, practitioner_id, changed_at)
            if fields != _stored_fields(row):
                plan.updates.append((row["appointment_id"], *fields))
                starts = (before.starts_at, after.starts_at)
                former = (row["patient_id"], row["practitioner_id"])
                pairs = (former, (patient_id, practitioner_id))
                plan.changes.append(_Change(index, row["appointment_id"], pairs, starts))
                for moment in starts:
                    plan.days.add(LocalDay.containing(moment, self._zone).day)
        return plan

    async def _refuse_own(
        self, connection: Connection, bookings: Sequence[Booking], plan: _Plan, by: Actor
    ) -> None:
        """Who bills a visit can't produce its evidence, nor hand it to somebody for a while."""
        refs = await practitioner_refs_of(connection, self._site_id, by)
        if not refs:
            return
        rows = await connection.fetch(sql("practitioner_ids"), self._site_id, list(refs))
        own = {row["practitioner_id"] for row in rows}
        patients = {patient for one in plan.changes for patient, _ in one.whose}
        visits = await own_visits_among(connection, self._site_id, by, patients)
        once = {appointment_id for appointment_id, *_ in visits}
        days = {(patient, self._day(moment)) for _, patient, moment in visits}
        bad, whose = BadLines(), set()
        for one in plan.changes:
            theirs = {patient for patient, _ in one.whose}
            if one.appointment_id in once or any(
                practitioner in own for _, practitioner in one.whose
            ):
                column, why = "practitioner_ref", "this appointment is, or was, one of theirs"
            elif any((key, self._day(at)) in days for key in theirs for at in one.starts):
                column, why = "patient_ref", "they have an appointment with this patient that day"
            else:
                continue
            place = where(bookings, one.index, column)
            bad.add(
                [f"{place}: {by.name} is a practitioner, and {why}; somebody else has to do it"]
            )
            whose |= theirs
        if bad:
            raise OwnPatientError(bad.message(), *sorted(whose))

    def _leaves_arrival(self, before: Booking, after: Booking) -> bool:
        """Would it be arrived on a day on which nobody came?

        Not where the clinic's system has a later word of its own: its check-in, its end.
        """
        moved = self._day(before.starts_at) != self._day(after.starts_at)
        return moved and after.status is AppointmentStatus.ARRIVED

    def _day(self, moment: datetime) -> date:
        return LocalDay.containing(moment, self._zone).day

    async def _keep_former(
        self, connection: Connection, plan: _Plan, by: Actor, now: datetime
    ) -> None:
        """Keep whose an appointment was that is another one's now, or of somebody else."""
        rows = [
            (self._site_id, one.appointment_id, *one.whose[0], now, by.name)
            for one in plan.changes
            if one.whose[0] != one.whose[-1]
        ]
        await write_rows(connection, sql("insert_former_practitioner"), rows)


def _named(event: AuditEvent, plan: _Plan) -> list[AuditEvent]:
    patients = {patient: None for one in plan.changes for patient, _ in one.whose}
    appointments = [one.appointment_id for one in plan.changes]
    return naming_events(event, appointments=appointments, patients=list(patients))


def _stored(row: asyncpg.Record, given: Booking) -> Booking:
    """Return the stored appointment in the clinic's terms; references are compared as ids."""
    return Booking(
        appointment_ref=row["appointment_ref"],
        patient_ref=given.patient_ref,
        practitioner_ref=given.practitioner_ref,
        practitioner_name=given.practitioner_name,
        service_code=row["service_code"],
        service_name=row["service_name"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        status=AppointmentStatus(row["status"]),
        department=row["department"],
        building=row["building"],
        room=row["room"],
        place=Place(row["place"]),
        walk_in=row["walk_in"],
        status_changed_at=row["status_changed_at"],
    )


def _merged(before: Booking, given: Booking, now: datetime) -> tuple[Booking, datetime]:
    """Return what is to be stored, and since when its status is so."""
    assert before.status_changed_at is not None
    status = merged_status(before.status, given.status)
    after = dataclasses.replace(given, status=status)
    if status is not given.status:
        return after, before.status_changed_at
    if status is before.status:
        return after, given.status_changed_at or before.status_changed_at
    told = given.status_changed_at
    # A column that was absent left the old status's moment here.
    return after, now if told is None or told == before.status_changed_at else told


def _fields(
    booking: Booking, patient_id: UUID, practitioner_id: UUID, status_changed_at: datetime
) -> tuple[object, ...]:
    return (
        patient_id,
        practitioner_id,
        booking.service_code,
        booking.service_name,
        booking.starts_at,
        booking.ends_at,
        booking.status.value,
        status_changed_at,
        booking.department,
        booking.building,
        booking.room,
        booking.place.value,
        booking.walk_in,
    )


def _stored_fields(row: asyncpg.Record) -> tuple[object, ...]:
    # Everything after the row's own id and reference, in the order the query names it.
    return tuple(row)[2:]


def _refuse_duplicates(bookings: Sequence[Booking]) -> None:
    seen: set[str] = set()
    for index, one in enumerate(bookings):
        if one.appointment_ref in seen:
            raise InputError(
                f"{where(bookings, index, 'appointment_ref')}: stands there twice; leave one "
                "of them out"
            )
        seen.add(one.appointment_ref)
        if one.ends_at <= one.starts_at:
            raise InputError(
                f"{where(bookings, index, 'ends_at')}: is not after starts_at; correct one of them"
            )
