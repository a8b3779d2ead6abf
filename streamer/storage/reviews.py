"""Decisions about reviews, and the clinic's references that a review is shown by.

Called by `checkin.review_desk` and `shown_desk`. Rows of `reviews` are only ever added.
"""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final, Protocol
from uuid import UUID

from streamer.clock import Clock
from streamer.domain.actor import Actor
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.check_in import CheckIn, Recorded
from streamer.domain.decision import Reason
from streamer.domain.presence import Presence
from streamer.domain.review import Rejection, ReviewDecision, ReviewRecord, Written
from streamer.domain.review_report import AppointmentReport, Consenting, ReviewReferences
from streamer.domain.shown_review import ShownReview
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.check_ins import Result
from streamer.storage.local_day import LocalDay
from streamer.storage.own_patients import refuse_own_patient
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql
from streamer.storage.refusals import refusals_recorded

_EXPECTED = frozenset({AppointmentStatus.BOOKED.value, AppointmentStatus.PENDING.value})

_NOTHING_SETTLED: Final[tuple[UUID | None, str | None, list[UUID]]] = (None, None, [])
_DENIED = AppointmentStatus.NOSHOW.value
_HERE = frozenset(
    {
        AppointmentStatus.ARRIVED.value,
        AppointmentStatus.CHECKED_IN.value,
        AppointmentStatus.FULFILLED.value,
    }
)


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


class PresenceTransaction(Protocol):
    """Writes presences inside a transaction; see `PostgresPresences`."""

    async def write(self, connection: Connection, presence: Presence) -> Recorded:
        """Write one, or say why not."""
        ...


class PostgresReviews:
    """The site's reviews."""

    def __init__(
        self,
        postgres: Postgres,
        check_ins: CheckInTransaction,
        presences: PresenceTransaction,
        site_id: str,
        zone: tzinfo,
        clock: Clock,
    ) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._check_ins = check_ins
        self._presences = presences
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
            {
                row["patient_id"]: Consenting(row["patient_ref"], row["consents_since"])
                for row in known
                if row["consents_since"] is not None
            },
            {
                row["appointment_id"]: AppointmentReport(
                    row["appointment_ref"], row["starts_at"], row["practitioner"], row["room"]
                )
                for row in rows
            },
            frozenset(row["appointment_id"] for row in rows if row["status"] in _EXPECTED),
            frozenset(row["appointment_id"] for row in rows if row["status"] == _DENIED),
            {row["patient_id"]: row["patient_ref"] for row in known},
            frozenset(row["appointment_id"] for row in rows if row["status"] in _HERE),
        )

    async def may_decide(self, actor: Actor, patients: Sequence[UUID]) -> None:
        """Refuse whoever bills one of the patients; raises InputError, DatabaseError."""
        async with (
            refusals_recorded(self._postgres, self._site_id, self._attempt(actor)),
            self._postgres.connection() as connection,
        ):
            await self._refuse_own(connection, actor, patients)

    async def decide(
        self,
        records: Sequence[ReviewRecord],
        check_ins: Sequence[CheckIn],
        actor: Actor,
        presences: Sequence[Presence] = (),
    ) -> Written:
        """Write a decision about a face, and what follows from it, in one transaction.

        Repeating it changes nothing.

        Raises:
            InputError: The review was decided otherwise, or the actor bills one of the patients;
                nothing was written.
            DatabaseError: It is not known to be written; try again.
        """
        return await self._decide(records, check_ins, presences, (actor,))

    async def decide_shown(
        self, review: ShownReview, record: ReviewRecord, check_ins: Sequence[CheckIn], actor: Actor
    ) -> Written:
        """The same of a conflict that was shown by other means.

        Where it arrives after all, the code has done its work. Nor may whoever vouched for the
        patient have come to bill them since.

        Raises:
            InputError: See `decide`.
            DatabaseError: See `decide`.
        """
        actors: tuple[Actor, ...] = (actor,)
        if check_ins and review.vouched_by is not None:
            actors = (actor, review.vouched_by)
        return await self._decide([record], check_ins, (), actors, review)

    async def _decide(
        self,
        records: Sequence[ReviewRecord],
        check_ins: Sequence[CheckIn],
        presences: Sequence[Presence],
        actors: Sequence[Actor],
        shown: ShownReview | None = None,
    ) -> Written:
        results: dict[UUID, Result] = {}
        code_id = None if shown is None or not check_ins else shown.code_id
        async with (
            refusals_recorded(self._postgres, self._site_id, self._attempt(actors[0])),
            self._postgres.transaction() as connection,
        ):
            for actor in actors:
                await self._refuse_own(connection, actor, [one.patient_id for one in records])
            unused = False
            if code_id is not None:
                unused = await connection.fetchval(sql("lock_code"), code_id)
            await self._check_ins.lock(connection, check_ins)
            fresh = [one for one in records if await self._insert(connection, one)]
            await append(connection, self._site_id, [_event(one) for one in fresh])
            for one in check_ins:
                results[one.appointment_id] = await self._check_ins.write(connection, one)
            kept = [await self._presences.write(connection, one) for one in presences]
            arrived = any(one.recorded is Recorded.WRITTEN for one in results.values())
            if unused and arrived and shown is not None:
                await connection.execute(
                    sql("redeem_code"), code_id, self._clock.now(), actors[0].name, shown.device_id
                )
            await self._let_go(connection, records)
        for one in check_ins:
            await self._check_ins.tell(one, results[one.appointment_id])
        return Written(
            tuple(results[one.appointment_id].recorded for one in check_ins), tuple(kept)
        )

    async def _let_go(self, connection: Connection, records: Sequence[ReviewRecord]) -> None:
        """What was decided waits no more, nor what else it settles."""
        # One candidate is confirmed at most.
        settled = next(
            (
                (one.patient_id, one.reason.value, list(one.appointments))
                for one in records
                if one.reason is Reason.NOSHOW_SET and one.decision is ReviewDecision.CONFIRMED
            ),
            _NOTHING_SETTLED,
        )
        await connection.execute(
            sql("forget_waiting_reviews"),
            self._site_id,
            [one.review_id for one in records],
            *settled,
        )

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
            None if record.band is None else record.band.value,
            record.score,
            record.threshold,
            record.pack_id,
            record.decision.value,
            record.decided_by,
            record.captured_at,
            record.decided_at,
            record.method.value,
            record.evidence.value,
            record.device_id,
            [one.value for one in record.flags],
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
            ("method", record.method.value),
            ("evidence", record.evidence.value),
            ("camera", record.camera_id),
            ("device", record.device_id),
            ("score", record.score),
            ("threshold", record.threshold),
            ("pack", record.pack_id),
        ),
    )
