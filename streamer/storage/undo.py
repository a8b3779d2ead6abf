"""Takes a check-in back. Called by `kirdi check-ins undo`; the running service needs no word.

The one way in which Kirdi moves a status backwards: `arrived` to `booked`, with a reason, recorded.
"""

import dataclasses
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

import asyncpg

from streamer.clock import Clock
from streamer.domain.actor import Actor
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.check_in import Method
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.check_ins import PatientListener
from streamer.storage.local_day import LocalDay
from streamer.storage.own_patients import refuse_own_patient
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql
from streamer.storage.refusals import refusals_recorded


@dataclass(frozen=True, slots=True)
class UndoneCheckIn:
    """What was taken back.

    Attributes:
        blocked: The patient's face counts for nothing on this day of the site any more.
        same_sighting: Appointments that are still arrived by the very sighting: they were not
            undone, and are likely as wrong.
    """

    appointment_ref: str
    patient_ref: str
    method: str
    occurred_at: datetime
    blocked: bool
    same_sighting: tuple[str, ...]


class PostgresUndo:
    """Undoes check-ins of one site."""

    def __init__(
        self,
        postgres: Postgres,
        clock: Clock,
        listener: PatientListener,
        site_id: str,
        zone: tzinfo,
    ) -> None:
        """Keep the collaborators; `listener` is the schedule cache."""
        self._postgres = postgres
        self._clock = clock
        self._listener = listener
        self._site_id = site_id
        self._zone = zone

    async def undo(
        self, appointment_ref: str, actor: Actor, reason: str, wrong_person: bool | None
    ) -> UndoneCheckIn:
        """Undo the appointment's check-in: the row stays, marked, and the status is booked again.

        The same event never writes it again, whatever still waits in a spool, and no face without a
        person does.

        Args:
            appointment_ref: The clinic's reference.
            actor: Who undoes it; not the practitioner who bills the patient.
            reason: Why; is kept.
            wrong_person: Somebody else was taken for the patient: their face is blocked for the
                day of the check-in. None = so it was, where the check-in rests on a face.

        Raises:
            InputError: There is nothing to undo, or the clinic's system has gone on; nothing was
                changed.
            DatabaseError: It is not known to be done; asking again does no harm.
        """
        now = self._clock.now()
        attempt = AuditEvent(AuditKind.UNDO, AuditAction.UPDATE, actor.name, now)
        async with (
            refusals_recorded(self._postgres, self._site_id, attempt),
            self._postgres.transaction() as connection,
        ):
            row = await connection.fetchrow(
                sql("lock_appointment_by_ref"), self._site_id, appointment_ref
            )
            if row is None:
                raise InputError(
                    f"appointment {appointment_ref}: is not known; look at the reference, or "
                    "import the appointment",
                    code="unknown_appointment",
                )
            await refuse_own_patient(connection, self._site_id, actor, row["patient_id"], now)
            check_in = await connection.fetchrow(sql("active_check_in"), row["appointment_id"])
            if check_in is None:
                raise InputError(
                    f"appointment {appointment_ref}: has no check-in in force (its status is "
                    f"{row['status']})",
                    command="see `kirdi check-ins list --undone`",
                    code="no_check_in",
                )
            if row["status"] != AppointmentStatus.ARRIVED:
                raise InputError(
                    f"appointment {appointment_ref}: is {row['status']} in the clinic's system, "
                    "which Kirdi does not take back; correct it there",
                    code="gone_on",
                    status=row["status"],
                )
            if wrong_person is None:
                wrong_person = Method(check_in["method"]).needs_consent
            if wrong_person:
                await self._block(connection, appointment_ref, row["patient_id"], check_in, actor)
            await self._undo(connection, row, check_in, actor, reason, wrong_person)
            event = dataclasses.replace(
                attempt,
                patient_id=row["patient_id"],
                entity_type="Appointment",
                entity_id=str(row["appointment_id"]),
                reason="wrong-person" if wrong_person else "",
                detail=(("check_in", str(check_in["event_id"])), ("method", check_in["method"])),
            )
            await append(connection, self._site_id, [event])
            same = await connection.fetch(
                sql("same_sighting"),
                row["patient_id"],
                check_in["camera_id"],
                check_in["occurred_at"],
            )
        await self._listener.invalidate_patient(row["patient_id"], row["starts_at"])
        return UndoneCheckIn(
            appointment_ref,
            row["patient_ref"],
            check_in["method"],
            check_in["occurred_at"],
            wrong_person,
            tuple(one["appointment_ref"] for one in same),
        )

    async def _undo(
        self,
        connection: Connection,
        row: asyncpg.Record,
        check_in: asyncpg.Record,
        actor: Actor,
        reason: str,
        wrong_person: bool,
    ) -> None:
        now = self._clock.now()
        await connection.execute(
            sql("undo_check_in"), check_in["event_id"], now, actor.name, reason, wrong_person
        )
        await connection.execute(sql("mark_booked"), row["appointment_id"], now)
        await connection.execute(
            sql("insert_status_change"),
            self._site_id,
            row["appointment_id"],
            check_in["event_id"],
            row["status"],
            AppointmentStatus.BOOKED.value,
            now,
            actor.name,
            reason,
        )

    async def _block(
        self,
        connection: Connection,
        appointment_ref: str,
        patient_id: UUID,
        check_in: asyncpg.Record,
        actor: Actor,
    ) -> None:
        if not Method(check_in["method"]).needs_consent:
            raise InputError(
                f"appointment {appointment_ref}: its check-in rests on no face "
                f"({check_in['method']}), so nobody was taken for the patient; take it back "
                "without saying that it was the wrong person",
                command="leave out --wrong-person",
                code="no_face",
            )
        # The lock that every check-in by face takes: none that is on its way misses the block.
        await connection.execute(sql("lock_consents"), patient_id)
        await connection.execute(
            sql("insert_face_block"),
            patient_id,
            LocalDay.containing(check_in["occurred_at"], self._zone).day,
            self._site_id,
            check_in["score"],
            self._clock.now(),
            actor.name,
        )
