"""What a person does with the reviews that wait: look, confirm, reject; and what time does to them.

Asked through the control socket (`streamer.review_control`). A decision is in the database before
whoever made it is told so; only then does the review leave the queue.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol
from uuid import UUID, uuid5

import structlog

from streamer.checkin.rejections import Rejections
from streamer.checkin.review_queue import LIFETIME, ReviewQueue
from streamer.clock import Clock
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.domain.decision import Reason
from streamer.domain.review import (
    Rejection,
    Review,
    ReviewCandidate,
    ReviewDecision,
    ReviewRecord,
)
from streamer.domain.review_report import (
    ArrivalReport,
    CandidateReport,
    ReviewReferences,
    ReviewReport,
)
from streamer.errors import DatabaseError, InputError

log = structlog.get_logger(__name__)

_SWEEP_S: Final = 5.0


class ReviewStore(Protocol):
    """Where decisions go, and where references come from."""

    async def describe(
        self, patients: Sequence[UUID], appointments: Sequence[UUID]
    ) -> ReviewReferences:
        """Translate ids; raises DatabaseError."""
        ...

    async def may_decide(self, actor: Actor, patients: Sequence[UUID]) -> None:
        """Refuse whoever bills one of the patients; raises InputError, DatabaseError."""
        ...

    async def decide(
        self, records: Sequence[ReviewRecord], check_ins: Sequence[CheckIn], actor: Actor
    ) -> Sequence[Recorded]:
        """Write a decision and what follows from it in one transaction; harmless to repeat.

        Returns:
            What became of each check-in, in order.

        Raises:
            InputError: It may not be written: the actor bills one of the patients.
            DatabaseError: It is not known to be written; try again.
        """
        ...


class ReviewDesk:
    """One decision at a time."""

    def __init__(
        self,
        site_id: str,
        queue: ReviewQueue,
        rejections: Rejections,
        store: ReviewStore,
        clock: Clock,
    ) -> None:
        """Keep the collaborators; `run` lets reviews expire."""
        self._site_id = site_id
        self._queue = queue
        self._rejections = rejections
        self._store = store
        self._clock = clock
        self._deciding = asyncio.Lock()

    async def run(self, stop: asyncio.Event) -> None:
        """Let go of what is past its time, until stopped; then of everything."""
        stopping = False
        while not stopping:
            stopping = await self._clock.sleep(_SWEEP_S, stop)
            # Not while somebody's decision about one of them is being written.
            async with self._deciding:
                gone = self._queue.expire(self._clock.now())
                await self._record_expired(self._queue.clear() if stopping else gone)

    async def reports(self) -> tuple[ReviewReport, ...]:
        """What waits, oldest first; raises DatabaseError.

        Whatever has settled itself meanwhile is let go of: nobody of it consents any more, or there
        is no appointment left to arrive at.
        """
        waiting = self._queue.waiting()
        described = await self._described(waiting)
        reports = []
        for one in waiting:
            if _open(one, described):
                reports.append(_report(one, described))
            else:
                self._queue.take(one.review_id)
                log.info("review settled itself", review=str(one.review_id))
        return tuple(reports)

    def waiting(self, review_id: UUID) -> Review | None:
        """One that waits, its crop included: for whoever is shown it, and for nothing else."""
        found = self._queue.find(str(review_id))
        return found[0] if found else None

    async def confirm(
        self, beginning: str, patient_ref: str, actor: Actor
    ) -> tuple[ArrivalReport, ...]:
        """Write the check-ins of a candidate: a person has looked and says that it is the patient.

        Args:
            beginning: Of the review's id.
            patient_ref: Which candidate; empty where there is only one.
            actor: Who says so; not the practitioner who bills one of the candidates.

        Returns:
            What became of each of the candidate's appointments.

        Raises:
            InputError: No such review, no such candidate, or one of the actor's own patients.
            DatabaseError: Nothing is known to be written; the review stays.
        """
        async with self._deciding:
            review = self._one(beginning)
            described = await self._described((review,))
            chosen = _chosen(review, patient_ref, described)
            verdict = {chosen: ReviewDecision.CONFIRMED}
            records = self._records(
                review, actor.name, lambda one: verdict.get(one, ReviewDecision.OTHER)
            )
            check_ins = [
                self._check_in(review, chosen.patient_id, key, actor.name)
                for key in chosen.appointments
            ]
            recorded = await self._store.decide(records, check_ins, actor)
            self._queue.settle(review, self._clock.now())
            self._queue.take(review.review_id)
        log.info(
            "review",
            review=str(review.review_id),
            decision=ReviewDecision.CONFIRMED.value,
            patient=str(chosen.patient_id),
            recorded=[one.value for one in recorded],
        )
        return tuple(
            ArrivalReport(described.appointments[key].appointment_ref, one)
            for key, one in zip(chosen.appointments, recorded, strict=True)
            if key in described.appointments
        )

    async def reject(self, beginning: str, actor: Actor) -> None:
        """Remember for the day that it is none of the candidates: a person has looked.

        Raises:
            InputError: No such review, or one of the actor's own patients.
            DatabaseError: Nothing is known to be written; the review stays.
        """
        async with self._deciding:
            review = self._one(beginning)
            await self._store.may_decide(actor, [one.patient_id for one in review.candidates])
            records = self._records(review, actor.name, lambda _: ReviewDecision.REJECTED)
            # First of all here: should the write fail half-way, the patient still waits for a look.
            self._rejections.add(
                Rejection(one.patient_id, one.score, one.decided_at) for one in records
            )
            await self._store.decide(records, (), actor)
            self._queue.silence(review, self._clock.now())
            self._queue.settle(review, self._clock.now())
            self._queue.take(review.review_id)
        log.info("review", review=str(review.review_id), decision=ReviewDecision.REJECTED.value)

    def _one(self, beginning: str) -> Review:
        # Nothing is the beginning of everything: a script's empty variable must decide nothing.
        found = self._queue.find(beginning) if beginning else ()
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(f"review {beginning}: several begin so; give more of the id")
        minutes = LIFETIME.total_seconds() / 60
        raise InputError(
            f"review {beginning}: none waits under this id; it may have been decided, or be over "
            f"after its {minutes:.0f} minutes: see `kirdi review list`"
        )

    async def _described(self, reviews: Sequence[Review]) -> ReviewReferences:
        candidates = [one for review in reviews for one in review.candidates]
        if not candidates:
            return ReviewReferences({}, {}, frozenset())
        appointments = {key for one in candidates for key in one.appointments}
        patients = {one.patient_id for one in candidates}
        return await self._store.describe(tuple(patients), tuple(appointments))

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
            )
            for one in review.candidates
        )

    def _check_in(
        self, review: Review, patient_id: UUID, appointment_id: UUID, decided_by: str
    ) -> CheckIn:
        scores = {one.patient_id: one.score for one in review.candidates}
        return CheckIn(
            # The same again when a confirmation is repeated: what was written stays written once.
            event_id=uuid5(review.review_id, str(appointment_id)),
            site_id=self._site_id,
            appointment_id=appointment_id,
            patient_id=patient_id,
            method=Method.FACE,
            evidence=EvidenceGrade.FACE,
            occurred_at=review.captured_at,
            camera_id=review.camera_id,
            score=scores[patient_id],
            threshold=review.threshold,
            pack_id=review.pack_id,
            decided_by=decided_by,
        )


def _chosen(review: Review, patient_ref: str, described: ReviewReferences) -> ReviewCandidate:
    known = {
        described.patients[one.patient_id]: one
        for one in review.candidates
        if one.patient_id in described.patients
    }
    if not known:
        raise InputError(
            f"review {review.review_id}: nobody of it consents to recognition any more"
        )
    if patient_ref in known:
        return known[patient_ref]
    if not patient_ref and len(known) == len(review.candidates) == 1:
        return review.candidates[0]
    raise InputError(
        f"review {review.review_id}: say which patient it is by --patient "
        f"({', '.join(sorted(known))})"
    )


def _open(review: Review, described: ReviewReferences) -> bool:
    shown = _shown(review, described)
    return any(
        one.patient_id in described.patients and not shown.isdisjoint(one.appointments)
        for one in review.candidates
    )


def _shown(review: Review, described: ReviewReferences) -> frozenset[UUID]:
    """What a person still has to see: of a conflict also what it is about."""
    if review.reason is Reason.NOSHOW_SET:
        return described.open | described.denied
    return described.open


def _report(review: Review, described: ReviewReferences) -> ReviewReport:
    shown = _shown(review, described)
    return ReviewReport(
        review_id=str(review.review_id),
        opened_at=review.opened_at,
        expires_at=review.opened_at + LIFETIME,
        captured_at=review.captured_at,
        camera_id=review.camera_id,
        building=review.building,
        reason=review.reason,
        band=review.band,
        threshold=review.threshold,
        candidates=tuple(
            CandidateReport(
                patient_ref=described.patients[one.patient_id],
                score=one.score,
                appointments=tuple(
                    described.appointments[key] for key in one.appointments if key in shown
                ),
            )
            for one in review.candidates
            if one.patient_id in described.patients
        ),
    )
