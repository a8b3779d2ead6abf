"""Checks a patient in by hand. Called by `kirdi check-ins add`; the service needs no word of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final
from uuid import uuid4

import asyncpg

from streamer.clock import Clock
from streamer.domain.actor import Actor
from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.domain.decision import Reason
from streamer.domain.presence import Presence, PresenceFlag, presence_id
from streamer.domain.presence_window import PresenceWindow
from streamer.domain.shown_review import ShownReview
from streamer.errors import InputError
from streamer.storage.check_ins import PostgresCheckIns
from streamer.storage.local_day import LocalDay
from streamer.storage.own_patients import refuse_own_patient
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.presences import PostgresPresences
from streamer.storage.queries import sql
from streamer.storage.refusals import refusals_recorded
from streamer.storage.waiting_reviews import PostgresWaitingReviews

_BY_HAND: Final = "by hand"


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
        presences: PostgresPresences,
        reviews: PostgresWaitingReviews,
        clock: Clock,
        site: tuple[str, tzinfo],
        window: PresenceWindow,
        enter_afterwards_days: int,
    ) -> None:
        """Keep the collaborators.

        Args:
            postgres: Where all of it goes.
            check_ins: Writes check-ins.
            presences: Keeps that somebody was there whom the clinic says did not come.
            reviews: Has that wait for another person.
            clock: Its only source of time.
            site: Its id and time zone.
            window: When a patient who is here leaves a presence.
            enter_afterwards_days: So many days later a time may still be entered; 0 = today only.
        """
        self._postgres = postgres
        self._presences = presences
        self._reviews = reviews
        self._window = window
        self._days = enter_afterwards_days
        self._check_ins = check_ins
        self._clock = clock
        self._site_id, self._zone = site

    @property
    def enter_afterwards_days(self) -> int:
        """So many days later a time may still be entered."""
        return self._days

    async def add(
        self, appointment_ref: str, actor: Actor, reason: str, at: datetime | None = None
    ) -> ManualCheckIn:
        """Write the check-in.

        Where the clinic's system says that the patient did not come, nothing arrives; that somebody
        says otherwise is kept, and waits for another person.

        Args:
            appointment_ref: The clinic's reference.
            actor: Who says so; not the practitioner who bills the patient.
            reason: Why no other way was taken; is kept.
            at: Aware; when the patient came, where that is written down afterwards: today or some
                days ago, as a sheet of a downtime has it, not in the future. None = now. Either
                way it has to lie in the arrival window.

        Raises:
            InputError: It is refused; says why and what to do. No check-in was written.
            DatabaseError: It is not known to be written; asking again does no harm.
        """
        now = self._clock.now()
        came_at = now if at is None else at
        if came_at > now:
            raise InputError(
                f"time {self._local(came_at)}: is still to come; say when the patient came, or "
                "nothing for now",
                code="to_come",
            )
        if came_at < self._earliest(now):
            raise InputError(
                f"time {self._local(came_at)}: is more than {self._days} days ago, the longest "
                "that times may be entered afterwards (arrival.enter_afterwards_days); it belongs "
                "into the clinic's own system",
                code="too_long_ago",
                days=str(self._days),
            )
        attempt = AuditEvent(AuditKind.DECISION, AuditAction.CREATE, actor.name, now)
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
            conflict = self._is_conflict(result.recorded, row, came_at)
            if conflict:
                await self._keep_conflict(connection, check_in, actor, now)
        # Outside the transaction: that it was tried stays on record.
        if conflict:
            raise InputError(
                f"appointment {appointment_ref}: is noshow in the clinic's system, and Kirdi does "
                "not write over that. That the patient is here is kept, and somebody else is "
                "asked. The status is for that system to correct",
                command="see `kirdi review list`",
                code="noshow_kept",
            )
        if result.recorded is not Recorded.WRITTEN:
            code, why = self._why(result.recorded, row["status"], row["starts_at"], row["place"])
            raise InputError(
                f"appointment {appointment_ref}: {why}",
                code=code,
                status=row["status"],
                starts_at=row["starts_at"].isoformat(),
            )
        await self._check_ins.tell(check_in, result)
        return ManualCheckIn(appointment_ref, row["patient_ref"], came_at)

    def _is_conflict(self, recorded: Recorded, row: asyncpg.Record, came_at: datetime) -> bool:
        return (
            recorded is Recorded.REFUSED_STATUS
            and row["status"] == AppointmentStatus.NOSHOW
            and row["place"] == Place.SITE
            and self._window.is_open(row["starts_at"], came_at)
        )

    async def _keep_conflict(
        self, connection: Connection, said: CheckIn, actor: Actor, now: datetime
    ) -> None:
        await self._presences.write(
            connection,
            Presence(
                presence_id=presence_id(
                    said.patient_id,
                    said.appointment_id,
                    PresenceFlag.CONFLICT,
                    said.method,
                    _BY_HAND,
                    said.occurred_at,
                ),
                site_id=self._site_id,
                patient_id=said.patient_id,
                appointment_id=said.appointment_id,
                flag=PresenceFlag.CONFLICT,
                method=said.method,
                evidence=said.evidence,
                occurred_at=said.occurred_at,
                building=None,
                decided_by=actor.name,
            ),
        )
        await self._reviews.open(
            connection,
            ShownReview(
                review_id=uuid4(),
                patient_id=said.patient_id,
                appointments=(said.appointment_id,),
                reason=Reason.NOSHOW_SET,
                method=said.method,
                evidence=said.evidence,
                opened_at=now,
                shown_at=said.occurred_at,
                building=None,
                vouched_by=actor,
                note=said.note,
            ),
        )

    def _earliest(self, now: datetime) -> datetime:
        """The start of the first day of which times may still be entered."""
        today = LocalDay.containing(now, self._zone).day
        return LocalDay(today - timedelta(days=self._days), self._zone).start

    def _why(
        self, recorded: Recorded, status: str, starts_at: datetime, place: str
    ) -> tuple[str, str]:
        if recorded is Recorded.DUPLICATE:
            return "already_in", (
                "the patient is checked in already, so there is nothing to do; if it was somebody "
                "else, undo that check-in first"
            )
        if recorded is Recorded.REFUSED_STATUS:
            return "wrong_status", (
                f"is {status}; only what is booked or pending can be arrived at: if the patient is "
                "here for it, have it booked anew in the clinic's system and imported"
            )
        if recorded is Recorded.REFUSED_WINDOW and place != Place.SITE:
            return "not_at_site", (
                f"is no visit to the site but one of the kind {place}, at which nobody arrives; if "
                "the patient comes here, correct its place in the clinic's system and import it"
            )
        if recorded is Recorded.REFUSED_WINDOW:
            return "outside_window", (
                f"starts at {self._local(starts_at)}, and its arrival window does not hold this "
                "time; if the patient came while it was open, say when"
            )
        return "cannot_come", "its patient can't come in any more; look at the patient's entry"

    def _local(self, moment: datetime) -> str:
        try:
            return f"{moment.astimezone(self._zone):%Y-%m-%d %H:%M} ({self._zone})"
        except OverflowError:
            # The first and last hours that a datetime can say have no equal in every zone.
            return moment.isoformat(sep=" ", timespec="minutes")
