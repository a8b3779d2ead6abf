"""What a person does with conflicts that were shown by a code, at the desk or by hand.

Called by `checkin.review_desk`, one decision at a time. They wait in PostgreSQL.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID, uuid5

import structlog

from streamer.checkin.codes.duties import same_person
from streamer.checkin.review_reports import check_patient, shown_report, shown_waits
from streamer.clock import Clock
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.check_in import CheckIn, Recorded
from streamer.domain.decision import Reason
from streamer.domain.review import LIFETIME, ReviewDecision, ReviewRecord, Written
from streamer.domain.review_report import (
    ArrivalReport,
    ConfirmationReport,
    ReviewReferences,
    ReviewReport,
)
from streamer.domain.shown_review import ShownReview
from streamer.errors import InputError

log = structlog.get_logger(__name__)

_NOT_THERE: Final = "the patient was not here"


class ShownWaiting(Protocol):
    """Where they wait."""

    async def shown(self, now: datetime, *, over: bool = False) -> Sequence[ShownReview]:
        """Those that wait, oldest first; or those whose time is over. Raises DatabaseError."""
        ...

    async def let_go(self, review_id: UUID) -> None:
        """Forget one that has settled itself; raises DatabaseError."""
        ...


class ShownStore(Protocol):
    """Where decisions go, and where references come from."""

    async def describe(
        self, patients: Sequence[UUID], appointments: Sequence[UUID]
    ) -> ReviewReferences:
        """Translate ids; raises DatabaseError."""
        ...

    async def decide_shown(
        self, review: ShownReview, record: ReviewRecord, check_ins: Sequence[CheckIn], actor: Actor
    ) -> Written:
        """Write a decision and what follows from it in one transaction; harmless to repeat.

        Raises:
            InputError: It may not be written: the actor bills the patient, or it was decided.
            DatabaseError: It is not known to be written; try again.
        """
        ...


class TakingBack(Protocol):
    """Takes check-ins back; `storage.undo.PostgresUndo` does."""

    async def undo(
        self, appointment_ref: str, actor: Actor, reason: str, wrong_person: bool | None
    ) -> object:
        """Take one back; raises InputError where there is none that Kirdi may, DatabaseError."""
        ...


class ShownDesk:
    """The part of the desk that looks at no faces."""

    def __init__(
        self,
        site_id: str,
        waiting: ShownWaiting,
        store: ShownStore,
        clock: Clock,
        taking_back: TakingBack | None = None,
    ) -> None:
        """Keep the collaborators."""
        self._taking_back = taking_back
        self._site_id = site_id
        self._waiting = waiting
        self._store = store
        self._clock = clock

    async def reports(self) -> tuple[ReviewReport, ...]:
        """What waits, oldest first; raises DatabaseError. What has settled itself is let go of."""
        waiting = await self._waiting.shown(self._clock.now())
        described = await self._described(waiting)
        reports = []
        for one in waiting:
            if shown_waits(one, described):
                reports.append(shown_report(one, described))
            else:
                await self._waiting.let_go(one.review_id)
                log.info("review settled itself", review=str(one.review_id))
        return tuple(reports)

    async def find(self, beginning: str) -> Sequence[ShownReview]:
        """Those whose id begins so; raises DatabaseError."""
        waiting = await self._waiting.shown(self._clock.now())
        return [one for one in waiting if str(one.review_id).startswith(beginning.lower())]

    async def confirm(
        self, review: ShownReview, patient_ref: str, actor: Actor
    ) -> ConfirmationReport:
        """A person says that it is the patient: write what the status allows.

        Raises:
            InputError: It is another patient, or not for the actor to say.
            DatabaseError: Nothing is known to be written; the review stays.
        """
        described = await self._described((review,))
        check_patient(review, patient_ref, described)
        if review.reason is Reason.DISPUTED:
            return await self._uphold(review, described, actor)
        vouched = review.vouched_by
        if vouched is not None and same_person(vouched.name, actor.name):
            raise InputError(
                f"review {review.review_id}: rests on a word or a code of {vouched.name}; somebody "
                "else has to confirm it",
                code="vouched",
            )
        check_ins = [self._check_in(review, key, actor.name) for key in review.appointments]
        record = self._record(review, ReviewDecision.CONFIRMED, actor.name)
        written = await self._store.decide_shown(review, record, check_ins, actor)
        _tell(review, ReviewDecision.CONFIRMED)
        return ConfirmationReport(
            tuple(
                ArrivalReport(described.appointments[key].appointment_ref, one)
                for key, one in zip(review.appointments, written.check_ins, strict=True)
                if key in described.appointments
            )
        )

    async def _uphold(
        self, review: ShownReview, described: ReviewReferences, actor: Actor
    ) -> ConfirmationReport:
        """The patient was not there: take the check-ins back, and write the decision.

        In this order: cut off in between, nothing is left to decide about, and so it is let go of.
        """
        if self._taking_back is None:
            raise InputError(f"review {review.review_id}: disputes are decided in the service")
        left = []
        for key in review.appointments:
            if key in described.arrived:
                ref = described.appointments[key].appointment_ref
                try:
                    await self._taking_back.undo(ref, actor, _NOT_THERE, None)
                except InputError as error:
                    # The clinic's system has gone on, and takes it back itself. Or it is a patient
                    # of the actor's, which the decision below is refused for.
                    log.warning("disputed check-in stays", reason=str(error))
                    left.append(ArrivalReport(ref, Recorded.REFUSED_STATUS))
        record = self._record(review, ReviewDecision.CONFIRMED, actor.name)
        await self._store.decide_shown(review, record, (), actor)
        _tell(review, ReviewDecision.CONFIRMED)
        return ConfirmationReport(tuple(left))

    async def reject(self, review: ShownReview, actor: Actor) -> None:
        """A person says that it is somebody else; nothing is written but that.

        Of a dispute: the check-in is right.

        Raises:
            InputError: It is not for the actor to say.
            DatabaseError: Nothing is known to be written; the review stays.
        """
        record = self._record(review, ReviewDecision.REJECTED, actor.name)
        await self._store.decide_shown(review, record, (), actor)
        _tell(review, ReviewDecision.REJECTED)

    async def expire(self) -> None:
        """Record those whose time is over; raises DatabaseError."""
        for one in await self._waiting.shown(self._clock.now(), over=True):
            record = self._record(one, ReviewDecision.EXPIRED, SERVICE.name)
            await self._store.decide_shown(one, record, (), SERVICE)
            _tell(one, ReviewDecision.EXPIRED)

    async def _described(self, reviews: Sequence[ShownReview]) -> ReviewReferences:
        if not reviews:
            return ReviewReferences({}, {}, frozenset())
        appointments = {key for one in reviews for key in one.appointments}
        patients = {one.patient_id for one in reviews}
        return await self._store.describe(tuple(patients), tuple(appointments))

    def _record(
        self, review: ShownReview, decision: ReviewDecision, decided_by: str
    ) -> ReviewRecord:
        now = self._clock.now()
        expired = decision is ReviewDecision.EXPIRED
        return ReviewRecord(
            review_id=review.review_id,
            patient_id=review.patient_id,
            lead=True,
            appointments=review.appointments,
            camera_id=review.camera_id,
            reason=review.reason,
            band=None,
            score=review.score,
            threshold=review.threshold,
            pack_id=review.pack_id,
            decision=decision,
            decided_by=decided_by,
            captured_at=review.shown_at,
            # Nobody may have looked at the clock for hours: the service was not running.
            decided_at=min(now, review.opened_at + LIFETIME) if expired else now,
            method=review.method,
            evidence=review.evidence,
            device_id=review.device_id,
        )

    def _check_in(self, review: ShownReview, appointment_id: UUID, decided_by: str) -> CheckIn:
        # As the code itself would have made it: it arrives once at one appointment, whoever writes.
        source = review.review_id if review.code_id is None else review.code_id
        return CheckIn(
            event_id=uuid5(source, str(appointment_id)),
            site_id=self._site_id,
            appointment_id=appointment_id,
            patient_id=review.patient_id,
            method=review.method,
            evidence=review.evidence,
            occurred_at=review.shown_at,
            camera_id=review.camera_id,
            score=review.score,
            threshold=review.threshold,
            pack_id=review.pack_id,
            decided_by=decided_by,
            device_id=review.device_id,
            note=review.note,
        )


def _tell(review: ShownReview, decision: ReviewDecision) -> None:
    log.info(
        "review",
        review=str(review.review_id),
        decision=decision.value,
        reason=review.reason.value,
        method=review.method.value,
        patient=str(review.patient_id),
    )
