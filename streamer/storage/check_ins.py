"""The check-in transaction. Called by `checkin.delivery`, again and again until it has answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Protocol
from uuid import UUID

import asyncpg

from streamer.clock import Clock
from streamer.domain.actor import SERVICE
from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind, AuditOutcome
from streamer.domain.check_in import CheckIn, Recorded
from streamer.storage.audit import append_if_known
from streamer.storage.local_day import LocalDay
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql

_EXPECTED = frozenset({AppointmentStatus.BOOKED.value, AppointmentStatus.PENDING.value})


class PatientListener(Protocol):
    """Is told, after the commit, whose schedule is not as it was."""

    async def invalidate_patient(self, patient_id: UUID, moment: datetime) -> None:
        """Forget what is cached of the patient's day; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a check-in.

    Attributes:
        starts_at: When its appointment starts; None where there is none.
        event: What the audit says of it; None where it was there already.
    """

    recorded: Recorded
    starts_at: datetime | None
    event: AuditEvent | None


class PostgresCheckIns:
    """Writes check-ins, each exactly once."""

    def __init__(
        self,
        postgres: Postgres,
        clock: Clock,
        listener: PatientListener,
        opens_before: timedelta,
        closes_after: timedelta,
        zone: tzinfo,
    ) -> None:
        """Keep the collaborators; `listener` is the schedule cache.

        Args:
            postgres: Where check-ins go.
            clock: For the consent's term.
            listener: Told whose schedule changed.
            opens_before: The arrival window opens so long before the start
            closes_after: and closes so long after it; half-open.
            zone: The site's; says which day a block is for.
        """
        self._postgres = postgres
        self._opens_before = opens_before
        self._closes_after = closes_after
        self._clock = clock
        self._listener = listener
        self._zone = zone

    async def record(self, check_in: CheckIn) -> Recorded:
        """Write the check-in and move its appointment to `arrived`, in one transaction.

        The appointment's row is locked first, so that of any number of deliveries at once one
        writes and the others find it written. Place and window are read again: the decision may
        have rested on a stale copy of the schedule. What rests on a face also needs a consent, read
        again under a lock as of the later of the sighting and now, and in force without a gap since
        the sighting: after a withdrawal has committed, nothing seen before it is written, whatever
        is signed later. And no face arrives as a patient for whom a person has said
        today that it was somebody else, nor, without a person, at what a person has undone that day
        or where who bills the appointment enrolled the face or recorded its consent.

        Returns:
            WRITTEN; DUPLICATE where the event or another check-in of the appointment is there
            already; or why it was refused, with nothing changed.

        Raises:
            DatabaseError: It is not known to be written; try again with the same event id.
        """
        async with self._postgres.transaction() as connection:
            result = await self.write(connection, check_in)
        await self.tell(check_in, result)
        return result.recorded

    async def lock(self, connection: Connection, check_ins: Sequence[CheckIn]) -> None:
        """Lock the appointments of several check-ins of one site, before the first is written.

        And before any other row is written that names the patient: so no two transactions wait for
        each other in a circle.
        """
        if check_ins:
            ids = [one.appointment_id for one in check_ins]
            await connection.execute(sql("lock_appointments"), check_ins[0].site_id, ids)

    async def write(self, connection: Connection, check_in: CheckIn) -> Result:
        """As `record`, inside the caller's transaction; after the commit it calls `tell`."""
        result = await self.write_unaudited(connection, check_in)
        if result.event is not None:
            await append_if_known(connection, check_in.site_id, result.event)
        return result

    async def write_unaudited(self, connection: Connection, check_in: CheckIn) -> Result:
        """As `write`; the caller appends the result's event in the same transaction."""
        if check_in.method.needs_consent:
            recorded, starts_at = await self._write_seen(connection, check_in)
        else:
            recorded, starts_at = await self._write_shown(connection, check_in)
        # What was there already is delivered again and again, and nothing is done.
        known = recorded is Recorded.DUPLICATE
        return Result(recorded, starts_at, None if known else _event(check_in, recorded))

    async def tell(self, check_in: CheckIn, result: Result) -> None:
        """Tell the listener what has been committed; never raises."""
        if result.recorded is Recorded.WRITTEN and result.starts_at is not None:
            await self._listener.invalidate_patient(check_in.patient_id, result.starts_at)

    async def _write_shown(
        self, connection: Connection, check_in: CheckIn
    ) -> tuple[Recorded, datetime | None]:
        """What rests on no face: in one statement."""
        occurred_at = check_in.occurred_at
        found = await connection.fetchrow(
            sql("write_shown_check_in"),
            *_columns(check_in, None),
            occurred_at - self._closes_after,
            occurred_at + self._opens_before,
            LocalDay.containing(occurred_at, self._zone).day,
            check_in.decided_by or SERVICE.name,
        )
        if found is None:
            return Recorded.REFUSED_UNKNOWN, None
        if found["fit"]:
            recorded = Recorded.WRITTEN if found["written"] else Recorded.DUPLICATE
        elif found["patient_id"] != check_in.patient_id:
            recorded = Recorded.REFUSED_UNKNOWN
        else:
            # What is left where nothing else is amiss is that the patient is dead.
            refusal = self._unfit(check_in, found) or Recorded.REFUSED_UNKNOWN
            recorded = await self._unless_known(connection, check_in, refusal)
        return recorded, found["starts_at"]

    async def _write_seen(
        self, connection: Connection, check_in: CheckIn
    ) -> tuple[Recorded, datetime | None]:
        """What rests on a face: a consent in between, under its lock."""
        found = await connection.fetchrow(
            sql("lock_appointment"), check_in.appointment_id, check_in.site_id
        )
        if found is None:
            return Recorded.REFUSED_UNKNOWN, None
        starts_at = found["starts_at"]
        if found["patient_id"] != check_in.patient_id:
            return Recorded.REFUSED_UNKNOWN, starts_at
        refusal, consent = self._unfit(check_in, found), None
        if refusal is None:
            refusal, consent = await self._consented(connection, check_in)
        if consent is None:
            refused = refusal or Recorded.REFUSED_CONSENT
            return await self._unless_known(connection, check_in, refused), starts_at
        inserted = await connection.fetchval(
            sql("write_check_in"),
            *_columns(check_in, consent["consent_id"]),
            found["status"],
            check_in.decided_by or SERVICE.name,
            consent["voucher_refs"],
        )
        return Recorded.DUPLICATE if inserted is None else Recorded.WRITTEN, starts_at

    async def _consented(
        self, connection: Connection, check_in: CheckIn
    ) -> tuple[Recorded | None, asyncpg.Record | None]:
        """Why the patient's face is not to be used; or None, and the consent that it rests on."""
        consent = await connection.fetchrow(
            sql("consent_for_check_in"),
            check_in.patient_id,
            max(check_in.occurred_at, self._clock.now()),
            check_in.seen_at or check_in.occurred_at,
        )
        if consent is None:
            return Recorded.REFUSED_CONSENT, None
        day = LocalDay.containing(check_in.occurred_at, self._zone)
        # Only under the consent's lock: who blocks a face takes it too.
        blocked = await connection.fetchval(
            sql("face_blocked"),
            check_in.patient_id,
            day.day,
            check_in.appointment_id,
            check_in.decided_by is None,
            consent["voucher_refs"],
            day.start,
            day.end,
        )
        return (Recorded.REFUSED_BLOCKED, None) if blocked else (None, consent)

    async def _unless_known(
        self, connection: Connection, check_in: CheckIn, refusal: Recorded
    ) -> Recorded:
        """What was written before is no refusal, whatever has become of its grounds."""
        known = await connection.fetchval(
            sql("check_in_exists"), check_in.event_id, check_in.appointment_id
        )
        return Recorded.DUPLICATE if known else refusal

    def _unfit(self, check_in: CheckIn, appointment: asyncpg.Record) -> Recorded | None:
        """Why nobody can arrive at it now, whatever was seen or shown; None where nothing is."""
        if appointment["status"] not in _EXPECTED:
            return Recorded.REFUSED_STATUS
        if appointment["place"] != Place.SITE or not self._window_open(
            appointment["starts_at"], check_in.occurred_at
        ):
            return Recorded.REFUSED_WINDOW
        return None

    def _window_open(self, starts_at: datetime, occurred_at: datetime) -> bool:
        return starts_at - self._opens_before <= occurred_at < starts_at + self._closes_after


def _event(check_in: CheckIn, recorded: Recorded) -> AuditEvent:
    written = recorded is Recorded.WRITTEN
    return AuditEvent(
        AuditKind.DECISION,
        AuditAction.CREATE,
        check_in.decided_by or SERVICE.name,
        check_in.occurred_at,
        AuditOutcome.SUCCESS if written else AuditOutcome.MINOR_FAILURE,
        check_in.patient_id,
        "Appointment",
        str(check_in.appointment_id),
        recorded.value,
        (
            ("check_in", str(check_in.event_id)),
            ("method", check_in.method.value),
            ("evidence", check_in.evidence.value),
            ("camera", check_in.camera_id),
            ("device", check_in.device_id),
            ("score", check_in.score),
            ("threshold", check_in.threshold),
            ("pack", check_in.pack_id),
        ),
    )


def _columns(check_in: CheckIn, consent_id: UUID | None) -> tuple[object, ...]:
    """Of the row, in the order of both statements that write it."""
    return (
        check_in.event_id,
        check_in.site_id,
        check_in.appointment_id,
        check_in.patient_id,
        consent_id,
        check_in.method.value,
        check_in.evidence.value,
        check_in.occurred_at,
        check_in.camera_id,
        check_in.score,
        check_in.threshold,
        check_in.pack_id,
        check_in.decided_by,
        check_in.device_id,
        check_in.note,
    )
