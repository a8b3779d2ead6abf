"""Decisions about reviews, and the clinic's references that a review is shown by.

Called by `checkin.review_desk`. Rows of `reviews` are only ever added.
"""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Protocol
from uuid import UUID

from streamer.clock import Clock
from streamer.domain.actor import Actor
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.check_in import CheckIn, Recorded
from streamer.domain.review import Rejection, ReviewRecord
from streamer.domain.review_report import AppointmentReport, ReviewReferences
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.check_ins import Result
from streamer.storage.local_day import LocalDay
from streamer.storage.own_patients import refuse_own_patient
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql
from streamer.storage.refusals import refusals_recorded

_EXPECTED = frozenset({AppointmentStatus.BOOKED.value, AppointmentStatus.PENDING.value})

_DENIED = AppointmentStatus.NOSHOW.value


class CheckInTransaction(Protocol):
    """Writes check-ins inside a transaction; see `PostgresCheckIns`."""

    async def lock(self, connection: Connection, check_ins: Sequence[CheckIn]) -> None:
        """Lock the appointments of several before the first is written."""
        ...

    async def write(self, connection: Connection, check_in: CheckIn) -> Result:
        """Write one, or say why not."""
        ...

    async def tell(self, check_in: CheckIn, result: Result) -> None:
        """Tell what has been committed."""
        ...


class PostgresReviews:
    """The site's reviews."""

    def __init__(
        self,
        postgres: Postgres,
        check_ins: CheckInTransaction,
        site_id: str,
        zone: tzinfo,
        clock: Clock,
    ) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._check_ins = check_ins
        self._site_id = site_id
        self._zone = zone
        self._clock = clock

    async def describe(
        self, patients: Sequence[UUID], appointments: Sequence[UUID]
    ) -> ReviewReferences:
        """Translate ids of the site; raises DatabaseError."""
        async with self._postgres.connection() as connection:
            known = await connection.fetch(
                sql("review_patients"), self._site_id, list(patients), self._clock.now()
            )
            rows = await connection.fetch(
                sql("review_appointments"), self._site_id, list(appointments)
            )
        return ReviewReferences(
            {row["patient_id"]: row["patient_ref"] for row in known},
            {
                row["appointment_id"]: AppointmentReport(
                    row["appointment_ref"], row["starts_at"], row["practitioner"]
                )
                for row in rows
            },
            frozenset(row["appointment_id"] for row in rows if row["status"] in _EXPECTED),
            frozenset(row["appointment_id"] for row in rows if row["status"] == _DENIED),
        )

    async def may_decide(self, actor: Actor, patients: Sequence[UUID]) -> None:
        """Refuse whoever bills one of the patients; raises InputError, DatabaseError."""
        async with (
            refusals_recorded(self._postgres, self._site_id, self._attempt(actor)),
            self._postgres.connection() as connection,
        ):
            await self._refuse_own(connection, actor, patients)

    async def decide(
        self, records: Sequence[ReviewRecord], check_ins: Sequence[CheckIn], actor: Actor
    ) -> Sequence[Recorded]:
        """Write a decision and its check-ins in one transaction; repeating it changes nothing.

        Returns:
            What became of each check-in, in order.

        Raises:
            InputError: The review was decided otherwise, or the actor bills one of the patients;
                nothing was written.
            DatabaseError: It is not known to be written; try again.
        """
        results: dict[UUID, Result] = {}
        async with (
            refusals_recorded(self._postgres, self._site_id, self._attempt(actor)),
            self._postgres.transaction() as connection,
        ):
            await self._refuse_own(connection, actor, [one.patient_id for one in records])
            fresh = [one for one in records if await self._insert(connection, one)]
            await append(connection, self._site_id, [_event(one) for one in fresh])
            await self._check_ins.lock(connection, check_ins)
            for one in check_ins:
                results[one.appointment_id] = await self._check_ins.write(connection, one)
        for one in check_ins:
            await self._check_ins.tell(one, results[one.appointment_id])
        return [results[one.appointment_id].recorded for one in check_ins]

    async def rejections_of(self, now: datetime) -> list[Rejection]:
        """Return those of the site's day at `now`; raises DatabaseError."""
        day = LocalDay.containing(now, self._zone)
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("rejections_between"), self._site_id, day.start, day.end
            )
        return [Rejection(**row) for row in rows]

    async def _refuse_own(
        self, connection: Connection, actor: Actor, patients: Sequence[UUID]
    ) -> None:
        for one in patients:
            await refuse_own_patient(connection, self._site_id, actor, one, self._clock.now())

    def _attempt(self, actor: Actor) -> AuditEvent:
        return AuditEvent(AuditKind.REVIEW, AuditAction.UPDATE, actor.name, self._clock.now())

    async def _insert(self, connection: Connection, record: ReviewRecord) -> bool:
        """Write it; False where it was there."""
        inserted = await connection.fetchval(
            sql("insert_review"),
            record.review_id,
            record.patient_id,
            self._site_id,
            record.lead,
            list(record.appointments),
            record.camera_id,
            record.reason.value,
            record.band.value,
            record.score,
            record.threshold,
            record.pack_id,
            record.decision.value,
            record.decided_by,
            record.captured_at,
            record.decided_at,
        )
        if inserted is not None:
            return True
        known = await connection.fetchval(
            sql("review_decision"), record.review_id, record.patient_id
        )
        if known != record.decision.value:
            raise InputError(f"review {record.review_id}: it was decided before ({known})")
        return False


def _event(record: ReviewRecord) -> AuditEvent:
    return AuditEvent(
        AuditKind.REVIEW,
        AuditAction.UPDATE,
        record.decided_by,
        record.decided_at,
        patient_id=record.patient_id,
        entity_type="review",
        entity_id=str(record.review_id),
        reason=record.decision.value,
        detail=(
            ("why", record.reason.value),
            ("camera", record.camera_id),
            ("score", record.score),
            ("threshold", record.threshold),
            ("pack", record.pack_id),
        ),
    )
