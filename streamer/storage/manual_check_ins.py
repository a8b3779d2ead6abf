"""Checks a patient in by hand. Called by `kirdi check-ins add`; the service needs no word of it."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import uuid4

from streamer.clock import Clock
from streamer.domain.actor import Actor
from streamer.domain.appointment import Place
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.errors import InputError
from streamer.storage.check_ins import PostgresCheckIns
from streamer.storage.local_day import LocalDay
from streamer.storage.own_patients import refuse_own_patient
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql
from streamer.storage.refusals import refusals_recorded


@dataclass(frozen=True, slots=True)
class ManualCheckIn:
    """What was written."""

    appointment_ref: str
    patient_ref: str
    occurred_at: datetime


class ManualCheckIns:
    """A person's word that somebody came: the weakest grade there is."""

    def __init__(
        self,
        postgres: Postgres,
        check_ins: PostgresCheckIns,
        clock: Clock,
        site_id: str,
        zone: tzinfo,
    ) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._check_ins = check_ins
        self._clock = clock
        self._site_id = site_id
        self._zone = zone

    async def add(
        self, appointment_ref: str, actor: Actor, reason: str, at: datetime | None = None
    ) -> ManualCheckIn:
        """Write the check-in.

        Args:
            appointment_ref: The clinic's reference.
            actor: Who says so; not the practitioner who bills the patient.
            reason: Why no other way was taken; is kept.
            at: Aware; when the patient came, where that is written down afterwards: today, not in
                the future. None = now. Either way it has to lie in the arrival window.

        Raises:
            InputError: It is refused; says why and what to do. Only the audit was written.
            DatabaseError: It is not known to be written; asking again does no harm.
        """
        now = self._clock.now()
        came_at = now if at is None else at
        if came_at > now:
            raise InputError(f"--at {self._local(came_at)}: is still to come")
        if came_at < LocalDay.containing(now, self._zone).start:
            raise InputError(f"--at {self._local(came_at)}: is not today")
        attempt = AuditEvent(AuditKind.DECISION, AuditAction.CREATE, actor.name, now)
        async with (
            refusals_recorded(self._postgres, self._site_id, attempt),
            self._postgres.transaction() as connection,
        ):
            row = await connection.fetchrow(
                sql("lock_appointment_by_ref"), self._site_id, appointment_ref
            )
            if row is None:
                raise InputError(f"appointment {appointment_ref}: is not known")
            await refuse_own_patient(connection, self._site_id, actor, row["patient_id"], now)
            check_in = CheckIn(
                event_id=uuid4(),
                site_id=self._site_id,
                appointment_id=row["appointment_id"],
                patient_id=row["patient_id"],
                method=Method.MANUAL,
                evidence=EvidenceGrade.MANUAL,
                occurred_at=came_at,
                camera_id=None,
                score=None,
                threshold=None,
                pack_id=None,
                decided_by=actor.name,
                note=reason,
            )
            result = await self._check_ins.write(connection, check_in)
        # Outside the transaction: that it was tried stays on record.
        if result.recorded is not Recorded.WRITTEN:
            why = self._why(result.recorded, row["status"], row["starts_at"], row["place"])
            raise InputError(f"appointment {appointment_ref}: {why}")
        await self._check_ins.tell(check_in, result)
        return ManualCheckIn(appointment_ref, row["patient_ref"], came_at)

    def _why(self, recorded: Recorded, status: str, starts_at: datetime, place: str) -> str:
        if recorded is Recorded.DUPLICATE:
            return "the patient is checked in already; see `kirdi check-ins list`"
        if recorded is Recorded.REFUSED_STATUS:
            return f"is {status}; only what is booked or pending can be arrived at"
        if recorded is Recorded.REFUSED_WINDOW and place != Place.SITE:
            return f"is no visit to the site but one of the kind {place}"
        if recorded is Recorded.REFUSED_WINDOW:
            return (
                f"starts at {self._local(starts_at)}, and its arrival window does not hold this "
                "time; if the patient came while it was open, say when by --at HH:MM"
            )
        return "its patient can't come in any more; look at the patient's entry"

    def _local(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._zone):%Y-%m-%d %H:%M}"
