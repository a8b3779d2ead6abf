"""A review desk over stores that keep everything in memory."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from streamer.checkin.decision import ArrivalPolicy, AutoArrive
from streamer.checkin.rejections import Rejections
from streamer.checkin.review_desk import ReviewDesk
from streamer.checkin.review_queue import ReviewQueue
from streamer.domain.actor import Actor
from streamer.domain.check_in import CheckIn, Recorded
from streamer.domain.decision import Reason
from streamer.domain.identity import Band
from streamer.domain.presence import Presence, PresenceFlag
from streamer.domain.review import (
    LIFETIME,
    Rejection,
    Review,
    ReviewCandidate,
    ReviewDecision,
    ReviewRecord,
    Written,
)
from streamer.domain.review_report import AppointmentReport, Consenting, ReviewReferences
from streamer.domain.shown_review import ShownReview
from streamer.errors import DatabaseError, InputError
from tests.fakes.clock import FakeClock

AIGUL = Actor("aigul")
ANNA, BOTA = UUID(int=1), UUID(int=2)
VISIT, LATER = UUID(int=10), UUID(int=11)
SEEN = datetime(2026, 11, 23, 3, 59, tzinfo=UTC)
POLICY = ArrivalPolicy(timedelta(hours=2), timedelta(minutes=30), AutoArrive.CALIBRATED)


class Store:
    """Knows everybody; remembers what was decided."""

    def __init__(self) -> None:
        self.patients = {ANNA: "P-1", BOTA: "P-2"}
        self.consenting = {ANNA, BOTA}
        self.since = SEEN - timedelta(days=30)
        self.starts_at = SEEN
        self.open = {VISIT, LATER}
        self.records: list[ReviewRecord] = []
        self.check_ins: list[CheckIn] = []
        self.presences: list[Presence] = []
        self.away = False
        self.denied: set[UUID] = set()

    async def may_decide(self, actor: Actor, patients: Sequence[UUID]) -> None:
        if actor.practitioner_refs and ANNA in patients:
            raise InputError("has appointments with this patient")

    async def rejections_of(self, now: datetime) -> Sequence[Rejection]:
        return [Rejection(ANNA, 4.2, now)]

    async def describe(
        self, patients: Sequence[UUID], appointments: Sequence[UUID]
    ) -> ReviewReferences:
        known = {
            key: AppointmentReport(f"A-{key.int}", self.starts_at, "Dr One") for key in appointments
        }
        consenting = {
            key: Consenting(ref, self.since)
            for key, ref in self.patients.items()
            if key in patients and key in self.consenting
        }
        return ReviewReferences(
            consenting,
            known,
            frozenset(self.open.intersection(known)),
            frozenset(self.denied.intersection(known)),
            {key: ref for key, ref in self.patients.items() if key in patients},
        )

    async def decide(
        self,
        records: Sequence[ReviewRecord],
        check_ins: Sequence[CheckIn],
        actor: Actor,
        presences: Sequence[Presence] = (),
    ) -> Written:
        await self.may_decide(actor, [one.patient_id for one in records])
        if self.away:
            raise DatabaseError("database: away")
        self.records += records
        self.check_ins += check_ins
        self.presences += presences
        return Written((Recorded.WRITTEN,) * len(check_ins), (Recorded.WRITTEN,) * len(presences))

    async def decide_shown(
        self, review: ShownReview, record: ReviewRecord, check_ins: Sequence[CheckIn], actor: Actor
    ) -> Written:
        return await self.decide([record], check_ins, actor)


class Waiting:
    """What the database knows of what waits."""

    def __init__(self) -> None:
        self.conflicts: list[ShownReview] = []
        self.faces: set[UUID] = set()
        self.away = False
        self.noted = asyncio.Event()

    async def shown(self, now: datetime, *, over: bool = False) -> Sequence[ShownReview]:
        return [one for one in self.conflicts if (now - one.opened_at >= LIFETIME) is over]

    async def let_go(self, review_id: UUID) -> None:
        self.conflicts = [one for one in self.conflicts if one.review_id != review_id]

    async def expire_left(self, now: datetime) -> int:
        return 0

    async def asked(self, now: datetime) -> Sequence[tuple[UUID, PresenceFlag]]:
        return [(BOTA, PresenceFlag.EARLY)]

    async def told(self, now: datetime) -> Sequence[UUID]:
        return [LATER]

    async def keep(self, opened: Sequence[Review], gone: Sequence[UUID]) -> None:
        self.noted.set()
        if self.away:
            raise DatabaseError("database: away")
        self.faces |= {one.review_id for one in opened}
        self.faces -= set(gone)


class Reception:
    """A desk with its queue."""

    def __init__(self) -> None:
        self.clock, self.queue, self.store = FakeClock(), ReviewQueue(), Store()
        self.rejections = Rejections(UTC)
        self.waiting = Waiting()
        self.desk = self.desk_over(self.store)

    def desk_over(self, store: Store) -> ReviewDesk:
        """A desk of the same queue whose decisions go elsewhere."""
        return ReviewDesk(
            "site-1", self.queue, self.rejections, store, self.waiting, POLICY, self.clock
        )

    def waits(
        self,
        *candidates: tuple[UUID, float, tuple[UUID, ...]],
        reason: Reason = Reason.NOT_CALIBRATED,
    ) -> Review:
        review = Review(
            uuid4(),
            self.clock.now(),
            SEEN,
            "lobby-1",
            7,
            "main",
            reason,
            Band.ACCEPT,
            4.0,
            "open-1",
            tuple(ReviewCandidate(*one) for one in candidates),
        )
        assert self.queue.put(review)
        return review

    def decisions(self) -> dict[UUID, ReviewDecision]:
        return {one.patient_id: one.decision for one in self.store.records}
