"""What a person does with the reviews that wait: look, confirm, reject; and what time does to them.

Asked through the control socket (`streamer.review_control`). A decision is in the database before
whoever made it is told so; only then does the review leave the queue.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

import structlog

from streamer.checkin.confirmed import check_ins_of, opened_since, presences_of
from streamer.checkin.decision import ArrivalPolicy
from streamer.checkin.rejections import Rejections
from streamer.checkin.review_queue import ReviewQueue
from streamer.checkin.review_reports import chosen, face_report, face_waits, sought
from streamer.checkin.shown_desk import ShownDesk, ShownStore, ShownWaiting, TakingBack
from streamer.checkin.waiting import wait_for_any
from streamer.clock import Clock
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.check_in import CheckIn
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
from streamer.domain.review_report import (
    ArrivalReport,
    ConfirmationReport,
    PresenceReport,
    ReviewReferences,
    ReviewReport,
)
from streamer.domain.shown_review import ShownReview
from streamer.errors import DatabaseError, InputError, KirdiError

log = structlog.get_logger(__name__)

_SWEEP_S: Final = 5.0
_RETRY_S: Final = 2.0


class ReviewStore(ShownStore, Protocol):
    """Where decisions go, and where references come from."""

    async def may_decide(self, actor: Actor, patients: Sequence[UUID]) -> None:
        """Refuse whoever bills one of the patients; raises InputError, DatabaseError."""
        ...

    async def rejections_of(self, now: datetime) -> Sequence[Rejection]:
        """Whose face was rejected today; raises DatabaseError."""
        ...

    async def decide(
        self,
        records: Sequence[ReviewRecord],
        check_ins: Sequence[CheckIn],
        actor: Actor,
        presences: Sequence[Presence] = (),
    ) -> Written:
        """Write a decision and what follows from it in one transaction; harmless to repeat.

        Raises:
            InputError: It may not be written: the actor bills one of the patients.
            DatabaseError: It is not known to be written; try again.
        """
        ...


class WaitingStore(ShownWaiting, Protocol):
    """Knows what waits: of faces nothing but that they do."""

    async def keep(self, opened: Sequence[Review], gone: Sequence[UUID]) -> None:
        """Note that these wait, and those no more; raises DatabaseError."""
        ...

    async def expire_left(self, now: datetime) -> int:
        """Record as expired what faces waited in a killed service; raises DatabaseError."""
        ...

    async def asked(self, now: datetime) -> Sequence[tuple[UUID, PresenceFlag]]:
        """Which presences a person was asked about today; raises DatabaseError."""
        ...

    async def told(self, now: datetime) -> Sequence[UUID]:
        """Appointments whose conflict was dealt with today; raises DatabaseError."""
        ...


class ReviewDesk:
    """One decision at a time."""

    def __init__(
        self,
        site_id: str,
        queue: ReviewQueue,
        rejections: Rejections,
        store: ReviewStore,
        waiting: WaitingStore,
        policy: ArrivalPolicy,
        clock: Clock,
        taking_back: TakingBack | None = None,
    ) -> None:
        """Keep the collaborators; `run` lets reviews expire, `keep` notes that they wait.

        Args:
            site_id: Where.
            queue: What waits in memory: faces.
            rejections: Who was rejected today.
            store: Decisions, and references.
            waiting: What waits in the database: everything else.
            policy: Says whether a window has opened since the sighting.
            clock: Its only source of time.
            taking_back: Takes back what a patient has disputed.
        """
        self._site_id = site_id
        self._queue = queue
        self._rejections = rejections
        self._store = store
        self._waiting = waiting
        self._shown = ShownDesk(site_id, waiting, store, clock, taking_back)
        self._policy = policy
        self._clock = clock
        self._deciding = asyncio.Lock()
        # What the database knows of the queue.
        self._kept: dict[UUID, Review] = {}

    async def recall(self) -> None:
        """Learn what a service before this one was told today, and what it was killed with.

        Raises:
            DatabaseError: It is not known.
        """
        now = self._clock.now()
        left = await self._waiting.expire_left(now)
        if left:
            log.warning("reviews waited when the service was killed; they are over", count=left)
        self._rejections.add(await self._store.rejections_of(now))
        self._queue.asked(await self._waiting.asked(now), now)
        self._queue.tell(await self._waiting.told(now), now)

    async def run(self, stop: asyncio.Event) -> None:
        """Let reviews expire and note what waits, until stopped; then every face is let go of."""
        await asyncio.gather(self._sweep(stop), self.keep(stop))

    async def _sweep(self, stop: asyncio.Event) -> None:
        stopping = False
        while not stopping:
            stopping = await self._clock.sleep(_SWEEP_S, stop)
            # Not while somebody's decision about one of them is being written.
            async with self._deciding:
                gone = self._queue.expire(self._clock.now())
                await self._record_expired(self._queue.clear() if stopping else gone)
                await self._expire_shown()

    async def keep(self, stop: asyncio.Event) -> None:
        """Note in the database what waits, as soon as it does, until stopped.

        Ids and figures only. Were the service killed, the next start finds what nobody decided.
        """
        while not stop.is_set():
            await wait_for_any(self._queue.changed, stop)
            self._queue.changed.clear()
            try:
                async with self._deciding:
                    await self._keep()
            except KirdiError as error:
                log.debug("waiting reviews not noted", reason=str(error))
                self._queue.changed.set()
                await self._clock.sleep(_RETRY_S, stop)

    async def reports(self) -> tuple[ReviewReport, ...]:
        """What waits, oldest first; raises DatabaseError.

        Whatever has settled itself meanwhile is let go of: nobody of it consents any more, or there
        is no appointment left to arrive at.
        """
        waiting = self._queue.waiting()
        described = await self._described(waiting)
        reports = []
        for one in waiting:
            if face_waits(one, described):
                reports.append(face_report(one, described))
            else:
                self._queue.take(one.review_id)
                log.info("review settled itself", review=str(one.review_id))
        reports += await self._shown.reports()
        return tuple(sorted(reports, key=lambda one: one.opened_at))

    @property
    def count(self) -> int:
        """How many wait."""
        return len(self._queue.waiting())

    def waiting(self, review_id: UUID) -> Review | None:
        """One that waits, its crop included: for whoever is shown it, and for nothing else."""
        found = self._queue.find(str(review_id))
        return found[0] if found else None

    async def confirm(self, beginning: str, patient_ref: str, actor: Actor) -> ConfirmationReport:
        """Write what follows for a candidate: a person has looked and says that it is the patient.

        Appointments become arrived as of the sighting. What was seen outside their windows is kept
        as presences; where a window has opened since, the patient, who is in the house, arrives as
        of now.

        Args:
            beginning: Of the review's id.
            patient_ref: Which candidate; empty where there is only one.
            actor: Who says so; not the practitioner who bills one of the candidates.

        Returns:
            What became of each of the candidate's appointments, and what was kept beside.

        Raises:
            InputError: No such review, no such candidate, or one of the actor's own patients.
            DatabaseError: Nothing is known to be written; the review stays.
        """
        async with self._deciding:
            found = await self._one(beginning)
            if isinstance(found, ShownReview):
                done = await self._shown.confirm(found, patient_ref, actor)
                self._queue.tell(found.appointments, self._clock.now())
                return done
            return await self._confirm_face(found, patient_ref, actor)

    async def reject(self, beginning: str, actor: Actor) -> None:
        """Remember for the day that it is none of the candidates: a person has looked.

        Raises:
            InputError: No such review, or one of the actor's own patients.
            DatabaseError: Nothing is known to be written; the review stays.
        """
        async with self._deciding:
            found = await self._one(beginning)
            if isinstance(found, ShownReview):
                # It says nothing against what a camera may see.
                await self._shown.reject(found, actor)
                if found.score is not None:
                    said = Rejection(found.patient_id, found.score, self._clock.now())
                    self._rejections.add([said])
                return
            await self._reject_face(found, actor)

    async def _confirm_face(
        self, review: Review, patient_ref: str, actor: Actor
    ) -> ConfirmationReport:
        now = self._clock.now()
        described = await self._described((review,))
        candidate = chosen(review, patient_ref, described)
        verdict = {candidate: ReviewDecision.CONFIRMED}
        records = self._records(
            review, actor.name, lambda one: verdict.get(one, ReviewDecision.OTHER)
        )
        opened = opened_since(candidate, described, self._policy, now)
        check_ins = check_ins_of(self._site_id, review, candidate, opened, actor.name, now)
        presences = presences_of(self._site_id, review, candidate, actor.name)
        written = await self._store.decide(records, check_ins, actor, presences)
        self._queue.settle(review, now)
        self._queue.take(review.review_id)
        if written.arrived:
            self._queue.arrived(candidate.patient_id, now)
        log.info(
            "review",
            review=str(review.review_id),
            decision=ReviewDecision.CONFIRMED.value,
            patient=str(candidate.patient_id),
            recorded=[one.value for one in written.check_ins],
            presences=[one.flag.value for one in candidate.seen],
        )
        refs = {key: one.appointment_ref for key, one in described.appointments.items()}
        return ConfirmationReport(
            tuple(
                ArrivalReport(refs[one.appointment_id], recorded)
                for one, recorded in zip(check_ins, written.check_ins, strict=True)
                if one.appointment_id in refs
            ),
            tuple(
                PresenceReport(
                    None if one.appointment_id is None else refs.get(one.appointment_id),
                    one.flag,
                    recorded,
                )
                for one, recorded in zip(candidate.seen, written.presences, strict=True)
            ),
        )

    async def _reject_face(self, review: Review, actor: Actor) -> None:
        await self._store.may_decide(actor, [one.patient_id for one in review.candidates])
        records = self._records(review, actor.name, lambda _: ReviewDecision.REJECTED)
        # First of all here: should the write fail half-way, the patient still waits for a look.
        now = self._clock.now()
        self._rejections.add(Rejection(one.patient_id, one.score, now) for one in review.candidates)
        await self._store.decide(records, (), actor)
        self._queue.silence(review, now)
        self._queue.settle(review, now)
        self._queue.take(review.review_id)
        log.info("review", review=str(review.review_id), decision=ReviewDecision.REJECTED.value)

    async def _keep(self) -> None:
        waiting = {one.review_id: one for one in self._queue.waiting()}
        changed = [
            one for key, one in waiting.items() if not _same_records(one, self._kept.get(key))
        ]
        gone = [key for key in self._kept if key not in waiting]
        if changed or gone:
            await self._waiting.keep(changed, gone)
        # Without their crops: those are gone with the review.
        self._kept = {key: replace(one, crop=None) for key, one in waiting.items()}

    async def _expire_shown(self) -> None:
        try:
            await self._shown.expire()
        except (DatabaseError, InputError) as error:
            log.debug("expired reviews not looked for", reason=str(error))

    async def _one(self, beginning: str) -> Review | ShownReview:
        found: Sequence[Review | ShownReview] = ()
        # Nothing is the beginning of everything: a script's empty variable must decide nothing.
        if beginning:
            found = [*self._queue.find(beginning), *await self._shown.find(beginning)]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(f"review {beginning}: several begin so; give more of the id")
        minutes = LIFETIME.total_seconds() / 60
        raise InputError(
            f"review {beginning or 'without an id'}: none waits under this id; it was decided, is "
            f"over after {minutes:.0f} minutes, or the patient has arrived, or consents no more",
            command="see `kirdi review list`",
            code="review_over",
        )

    async def _described(self, reviews: Sequence[Review]) -> ReviewReferences:
        candidates = [one for review in reviews for one in review.candidates]
        if not candidates:
            return ReviewReferences({}, {}, frozenset())
        patients = {one.patient_id for one in candidates}
        return await self._store.describe(tuple(patients), tuple(sought(candidates)))

    async def _record_expired(self, reviews: Sequence[Review]) -> None:
        for review in reviews:
            log.info(
                "review",
                review=str(review.review_id),
                decision=ReviewDecision.EXPIRED.value,
                reason=review.reason.value,
            )
            records = self._records(review, SERVICE.name, lambda _: ReviewDecision.EXPIRED)
            try:
                await self._store.decide(records, (), SERVICE)
            except (DatabaseError, InputError) as error:
                # Nothing follows from it: it is missing in the day's figures only.
                log.warning("expired review not recorded", reason=str(error))

    def _records(
        self,
        review: Review,
        decided_by: str,
        decision: Callable[[ReviewCandidate], ReviewDecision],
    ) -> tuple[ReviewRecord, ...]:
        now = self._clock.now()
        return tuple(
            ReviewRecord(
                review_id=review.review_id,
                patient_id=one.patient_id,
                lead=one is review.candidates[0],
                appointments=one.appointments,
                camera_id=review.camera_id,
                reason=review.reason,
                band=review.band,
                score=one.score,
                threshold=review.threshold,
                pack_id=review.pack_id,
                decision=decision(one),
                decided_by=decided_by,
                captured_at=review.captured_at,
                decided_at=now,
                flags=one.flags,
            )
            for one in review.candidates
        )


def _same_records(one: Review, kept: Review | None) -> bool:
    return kept is not None and (one.captured_at, one.candidates, one.reason) == (
        kept.captured_at,
        kept.candidates,
        kept.reason,
    )
