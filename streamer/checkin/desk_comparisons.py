"""Desk mode: reception picks a patient, a camera says whether it is them, and they arrive.

Asked through the control socket (`streamer.desk_control`). A person picked the patient and stands
by, so a match needs no calibrated site; everything else that speaks against an arrival holds.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias
from uuid import UUID, uuid4

import structlog

from streamer.checkin.decision import ArrivalPolicy, FaceEvidence, decide
from streamer.checkin.rejections import Rejections
from streamer.checkin.visits import ScheduleReader, Visits
from streamer.clock import Clock
from streamer.domain.actor import Actor
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.domain.comparison import Comparison, ComparisonOutcome
from streamer.domain.decision import Decision, Outcome, Reason, SeenFor
from streamer.domain.desk_report import DeskReport
from streamer.domain.identity import Band
from streamer.domain.presence import Presence, PresenceFlag, presence_id
from streamer.domain.review_report import ArrivalReport
from streamer.domain.shown_review import ShownReview
from streamer.domain.template import Template
from streamer.domain.undone import Undone

log = structlog.get_logger(__name__)

_READ_TIMEOUT_S: Final = 5.0
_KEPT: Final = frozenset({Recorded.WRITTEN, Recorded.DUPLICATE})

_Followed: TypeAlias = tuple[Decision, tuple[ArrivalReport, ...], tuple[PresenceFlag, ...]]


class DeskStore(Protocol):
    """Where templates are read one by one, and where what follows from a match is written."""

    async def template(self, patient_ref: str, pack_id: str, actor: Actor) -> Template:
        """The patient's template; raises InputError, DatabaseError, VaultError."""
        ...

    async def record(
        self,
        patient_id: UUID,
        actor: Actor,
        check_ins: Sequence[CheckIn],
        presences: Sequence[Presence],
        review: ShownReview | None = None,
    ) -> tuple[tuple[ArrivalReport, ...], Sequence[Recorded]]:
        """Write in one transaction; raises InputError, DatabaseError.

        `review` is a conflict that waits for a person from then on.
        """
        ...


class DeskCamera(Protocol):
    """A camera that compares."""

    @property
    def building(self) -> str:
        """Where it stands."""
        ...

    async def compare(self, template: Template, stop: asyncio.Event) -> Comparison:
        """Compare whoever stands before it, at most ten seconds.

        Raises:
            InputError: Another comparison is under way there.
        """
        ...


@dataclass(frozen=True, slots=True)
class DeskRules:
    """What a comparison at the desk holds to.

    Attributes:
        pack_id: The model pack in use.
        policy: The site's; `auto_arrive` means nothing where a person stands by.
    """

    site_id: str
    pack_id: str
    policy: ArrivalPolicy


class DeskComparisons:
    """One at a time for each camera; each patient's template is in memory for seconds only."""

    def __init__(
        self,
        rules: DeskRules,
        camera: Callable[[str], DeskCamera],
        store: DeskStore,
        schedules: ScheduleReader,
        rejections: Rejections,
        undone: Callable[[], Undone],
        clock: Clock,
    ) -> None:
        """Keep the collaborators.

        Args:
            rules: See there.
            camera: Finds the one with this id; raises InputError or CameraError, which say why
                nobody can be compared there.
            store: Templates, and what follows.
            schedules: Appointments of the day.
            rejections: Who was rejected today.
            undone: What people have undone today.
            clock: Its only source of time.
        """
        self._rules = rules
        self._policy = rules.policy
        self._camera = camera
        self._store = store
        self._visits = Visits(schedules, rules.policy, _READ_TIMEOUT_S, "compare again")
        self._rejections = rejections
        self._undone = undone
        self._clock = clock
        # What follows from a match goes on to its end; somebody must hold it meanwhile.
        self._following: set[asyncio.Task[_Followed]] = set()

    async def compare(
        self, patient_ref: str, camera_id: str, actor: Actor, stop: asyncio.Event
    ) -> DeskReport:
        """Compare, decide, and write what follows.

        Args:
            patient_ref: Whom reception has picked.
            camera_id: Before which they stand.
            actor: Who picked them.
            stop: Set when the service stops.

        Raises:
            InputError: The camera cannot be asked, or the patient not be compared; or another
                comparison is under way there.
            CameraError: The camera is down.
            DatabaseError: Nothing is known to be written; compare again.
            VaultError: The template does not open.
        """
        began = self._clock.monotonic()
        camera = self._camera(camera_id)
        template = await self._store.template(patient_ref, self._rules.pack_id, actor)
        found = await camera.compare(template, stop)
        patient_id = template.patient_id
        # What was decrypted for this is not kept while the database is written to.
        del template
        decision: Decision | None = None
        arrivals: tuple[ArrivalReport, ...] = ()
        presences: tuple[PresenceFlag, ...] = ()
        if found.outcome is ComparisonOutcome.MATCHED:
            # Whoever hangs up now no longer undoes that it matched.
            work = asyncio.create_task(self._follow(patient_id, camera_id, camera, actor, found))
            self._following.add(work)
            work.add_done_callback(self._following.discard)
            decision, arrivals, presences = await asyncio.shield(work)
        _tell(patient_id, camera_id, actor, found, decision, arrivals)
        return DeskReport(
            patient_ref=patient_ref,
            camera_id=camera_id,
            outcome=found.outcome,
            reason=None if decision is None else decision.reason,
            arrivals=arrivals,
            presences=presences,
            threshold=found.threshold,
            score=found.score,
            frames_agreeing=found.frames_agreeing,
            shortcoming=found.shortcoming,
            seconds=round(self._clock.monotonic() - began, 3),
        )

    async def _follow(
        self, patient_id: UUID, camera_id: str, camera: DeskCamera, actor: Actor, found: Comparison
    ) -> _Followed:
        """Decide about a match, and write what follows from it."""
        assert found.captured_at is not None
        assert found.score is not None
        evidence = FaceEvidence(
            score=found.score,
            band=Band.ACCEPT,
            contested=False,
            building=camera.building,
            calibrated=False,
            rejected_score=self._rejections.score(patient_id, found.captured_at),
            liveness=found.liveness,
            blocked=self._undone().blocks(
                patient_id, found.captured_at, self._policy.presence.zone
            ),
            attended=True,
        )
        # From PostgreSQL: a walk-in may have been booked a moment ago.
        appointments = await self._visits.of(patient_id, found.captured_at, refresh=True)
        decision = decide(evidence, appointments, self._policy, found.captured_at)
        check_ins = (
            [
                self._check_in(patient_id, one, camera_id, actor, found)
                for one in decision.appointments
            ]
            if decision.outcome is Outcome.ARRIVE
            else []
        )
        seen = [
            self._presence(patient_id, one, camera_id, camera.building, actor, found)
            for one in decision.presences
        ]
        review = self._review(patient_id, decision, camera_id, camera.building, found)
        arrivals, recorded = await self._store.record(patient_id, actor, check_ins, seen, review)
        kept = tuple(
            one.flag for one, became in zip(seen, recorded, strict=True) if became in _KEPT
        )
        return decision, arrivals, kept

    def _check_in(
        self,
        patient_id: UUID,
        appointment_id: UUID,
        camera_id: str,
        actor: Actor,
        found: Comparison,
    ) -> CheckIn:
        assert found.captured_at is not None
        return CheckIn(
            event_id=uuid4(),
            site_id=self._rules.site_id,
            appointment_id=appointment_id,
            patient_id=patient_id,
            method=Method.DESK,
            evidence=EvidenceGrade.FACE,
            occurred_at=found.captured_at,
            camera_id=camera_id,
            score=found.score,
            threshold=found.threshold,
            pack_id=found.pack_id,
            decided_by=actor.name,
        )

    def _review(
        self,
        patient_id: UUID,
        decision: Decision,
        camera_id: str,
        building: str,
        found: Comparison,
    ) -> ShownReview | None:
        """Where the clinic's system says that they did not come, a person looks at that."""
        if not decision.conflicts:
            return None
        assert found.captured_at is not None
        return ShownReview(
            review_id=uuid4(),
            patient_id=patient_id,
            appointments=decision.conflicts,
            reason=Reason.NOSHOW_SET,
            method=Method.DESK,
            evidence=EvidenceGrade.FACE,
            opened_at=self._clock.now(),
            shown_at=found.captured_at,
            building=building,
            camera_id=camera_id,
            score=found.score,
            threshold=found.threshold,
            pack_id=found.pack_id,
        )

    def _presence(
        self,
        patient_id: UUID,
        one: SeenFor,
        camera_id: str,
        building: str,
        actor: Actor,
        found: Comparison,
    ) -> Presence:
        at = found.captured_at
        assert at is not None
        return Presence(
            presence_id=presence_id(
                patient_id, one.appointment_id, one.flag, Method.DESK, camera_id, at
            ),
            site_id=self._rules.site_id,
            patient_id=patient_id,
            appointment_id=one.appointment_id,
            flag=one.flag,
            method=Method.DESK,
            evidence=EvidenceGrade.FACE,
            occurred_at=at,
            building=building,
            camera_id=camera_id,
            score=found.score,
            threshold=found.threshold,
            pack_id=found.pack_id,
            decided_by=actor.name,
        )


def _tell(
    patient_id: UUID,
    camera_id: str,
    actor: Actor,
    found: Comparison,
    decision: Decision | None,
    arrivals: Sequence[ArrivalReport],
) -> None:
    log.info(
        "desk comparison",
        camera=camera_id,
        patient=str(patient_id),
        by=actor.name,
        outcome=found.outcome.value,
        reason=None if decision is None else decision.reason.value,
        score=None if found.score is None else round(found.score, 3),
        threshold=round(found.threshold, 3),
        frames=found.frames_agreeing,
        recorded=[one.recorded.value for one in arrivals],
    )
