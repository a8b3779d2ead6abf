"""Turns an identity into check-ins: reads the schedule, decides, and hands over for delivery.

Called by the pipeline for every settled identity; called again for the same person it does no harm.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID, uuid4

import structlog

from matcher.face import Image
from streamer.checkin.decision import ArrivalPolicy, FaceEvidence, decide, next_change
from streamer.checkin.rejections import Rejections
from streamer.checkin.review_queue import MOST_WAITING, ReviewQueue
from streamer.checkin.visits import ScheduleReader, Visits
from streamer.checkin.waiting import wait_for_any
from streamer.clock import Clock
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.domain.decision import Decision, Outcome, Reason, SeenFor
from streamer.domain.followed import TrackState
from streamer.domain.identity import Band, Candidate, Identity
from streamer.domain.presence import Presence, presence_id
from streamer.domain.review import LIFETIME, Review, ReviewCandidate
from streamer.domain.undone import Undone
from streamer.errors import DatabaseError, KirdiError

log = structlog.get_logger(__name__)

_RETRY_S = 1.0
_GONE_AFTER: Final = timedelta(hours=1)


class Delivery(Protocol):
    """Takes over a check-in and sees that it is written exactly once."""

    async def accept(self, check_in: CheckIn) -> bool:
        """Return False when the same appointment's check-in is already on its way."""
        ...


class PresenceWriter(Protocol):
    """Where presences go."""

    async def record(self, presence: Presence) -> Recorded:
        """Write it once, or say why not; raises DatabaseError."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """Where and when an identity was established.

    Attributes:
        captured_at: Of the frame whose face agreed; not before the gallery it was found in.
        crop: The track's best face, RGB, for a person to look at. In memory only.
    """

    building: str
    captured_at: datetime
    crop: Image | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Looking:
    """What a decision needs of those who look at matches.

    Attributes:
        queue: Takes what a person has to look at.
        rejections: Who was rejected today.
        calibrated: Has the site calibrated the model pack in use on its own patients?
        undone: What people have done that keeps a face from arriving by itself.
    """

    queue: ReviewQueue
    rejections: Rejections
    calibrated: Callable[[], bool]
    undone: Callable[[], Undone] = Undone


class CheckInService:
    """Decides about recognised patients, one after the other.

    Sightings wait in memory, so that no camera waits for the database, and none is lost while it is
    away. A patient waits at most once, with the earliest of the surest sightings: the gallery
    bounds the queue.
    """

    def __init__(
        self,
        site_id: str,
        schedules: ScheduleReader,
        delivery: Delivery,
        presences: PresenceWriter,
        policy: ArrivalPolicy,
        looking: Looking,
        clock: Clock,
    ) -> None:
        """Keep the collaborators; `run` does the work."""
        self._site_id = site_id
        self._visits = Visits(schedules, policy)
        self._delivery = delivery
        self._presences = presences
        self._policy = policy
        self._looking = looking
        self._clock = clock
        self._waiting: dict[tuple[UUID, str], tuple[Identity, Sighting]] = {}
        # When a patient's decision in a building would change by the clock alone.
        self._changes: dict[tuple[UUID, str], datetime] = {}
        # What became of whom, for those who look at a camera.
        self._standings: dict[tuple[UUID, str], tuple[datetime, TrackState]] = {}
        self._arrived = asyncio.Event()

    def propose(self, identity: Identity, sighting: Sighting) -> None:
        """Take in a sighting; repeating it does no harm. Called on the loop."""
        key = (identity.patient_id, sighting.building)
        waiting = self._waiting.get(key)
        if waiting is None or (identity.band is Band.ACCEPT and waiting[0].band is not Band.ACCEPT):
            self._waiting[key] = (identity, sighting)
        self._arrived.set()

    def changes_at(self, patient_id: UUID, building: str) -> datetime | None:
        """When a sighting there would be decided otherwise than the latest; None = not known to."""
        return self._changes.get((patient_id, building))

    def standing(self, patient_id: UUID, building: str) -> TrackState | None:
        """What became of the latest sighting there; None where it led to nothing."""
        found = self._standings.get((patient_id, building))
        return None if found is None else found[1]

    async def run(self, stop: asyncio.Event) -> None:
        """Decide what comes in until stopped; what waits then is tried once more."""
        away = False
        while True:
            self._arrived.clear()
            stopping = stop.is_set()
            self._forget_crops()
            self._forget_changes()
            for key, (identity, sighting) in list(self._waiting.items()):
                try:
                    await self.decide(identity, sighting)
                except KirdiError as error:
                    if not away:
                        log.warning("decision waits", camera=identity.camera_id, reason=str(error))
                    away = True
                else:
                    # A surer sighting may have taken its place meanwhile: that one is still due.
                    if self._waiting[key][0] is identity:
                        del self._waiting[key]
                    away = False
            if stopping:
                return
            if self._waiting:
                await self._clock.sleep(_RETRY_S, stop)
            else:
                await wait_for_any(self._arrived, stop)

    def _forget_crops(self) -> None:
        """While the database is away sightings may wait for hours, but no crop may."""
        now = self._clock.now()
        with_crop = [key for key, (_, one) in self._waiting.items() if one.crop is not None]
        for place, key in enumerate(reversed(with_crop)):
            identity, one = self._waiting[key]
            if place >= MOST_WAITING or now - one.captured_at >= LIFETIME:
                self._waiting[key] = (identity, replace(one, crop=None))

    def _forget_changes(self) -> None:
        """Whoever has not been decided about since has gone."""
        limit = self._clock.now() - _GONE_AFTER
        self._changes = {key: at for key, at in self._changes.items() if at > limit}
        self._standings = {key: one for key, one in self._standings.items() if one[0] > limit}

    async def decide(self, identity: Identity, sighting: Sighting) -> Decision:
        """Decide what a sighting means and set off what follows.

        Raises:
            KirdiError: The schedule cannot be read, or the check-in not be made durable.
        """
        decided = [
            (one, await self._of_candidate(identity, one, sighting)) for one in identity.candidates
        ]
        # Where several come into question, whoever of them can still arrive is worth a look.
        relevant = [one for _, one in decided if one.outcome is not Outcome.IGNORE]
        decision = relevant[0] if relevant else decided[0][1]
        if decision.outcome is Outcome.ARRIVE:
            for appointment_id in decision.appointments:
                await self._delivery.accept(self._check_in(identity, appointment_id, sighting))
            self._looking.queue.withdraw(identity.patient_id)
            decided = [(one, _conflict_of(found)) for one, found in decided]
        self._keep_standing(identity, sighting, decision)
        if any(one.outcome is Outcome.REVIEW for _, one in decided):
            self._looking.queue.put(self._review(identity, sighting, decided))
        _tell(identity, decision)
        await self._leave_presences(identity, decision, sighting)
        return decision

    def _keep_standing(self, identity: Identity, sighting: Sighting, decision: Decision) -> None:
        key = (identity.patient_id, sighting.building)
        if decision.outcome is Outcome.ARRIVE or decision.reason is Reason.ALREADY_ARRIVED:
            self._standings[key] = (sighting.captured_at, TrackState.ARRIVED)
        elif decision.outcome is Outcome.REVIEW:
            self._standings[key] = (sighting.captured_at, TrackState.REVIEW)
        else:
            self._standings.pop(key, None)

    async def _leave_presences(
        self, identity: Identity, decision: Decision, sighting: Sighting
    ) -> None:
        for seen in decision.presences:
            try:
                await self._presences.record(self._presence(identity, seen, sighting))
            except DatabaseError as error:
                if decision.outcome is Outcome.IGNORE:
                    raise
                # The arrival or the review is what counts, and has been taken over: were it all
                # tried again, the patient would be found arrived, by this very sighting.
                log.warning("presence not written", reason=str(error))

    async def _of_candidate(
        self, identity: Identity, candidate: Candidate, sighting: Sighting
    ) -> Decision:
        undone, zone = self._looking.undone(), self._policy.presence.zone
        evidence = FaceEvidence(
            score=candidate.score,
            band=identity.band,
            contested=len(identity.candidates) > 1,
            building=sighting.building,
            calibrated=self._looking.calibrated(),
            rejected_score=self._looking.rejections.score(
                candidate.patient_id, sighting.captured_at
            ),
            liveness=identity.liveness,
            blocked=undone.blocks(candidate.patient_id, sighting.captured_at, zone),
            undone=undone.appointments,
            by_biller=undone.by_biller,
        )
        decision = await self._decide(candidate.patient_id, evidence, sighting, refresh=False)
        if not decision.appointments:
            # Before the last word is a no, PostgreSQL is asked: the cache may be behind.
            decision = await self._decide(candidate.patient_id, evidence, sighting, refresh=True)
        return decision

    async def _decide(
        self, patient_id: UUID, evidence: FaceEvidence, sighting: Sighting, refresh: bool
    ) -> Decision:
        now = sighting.captured_at
        visits = await self._visits.of(patient_id, now, refresh=refresh)
        due = next_change(evidence, visits, self._policy, now)
        if due is None:
            self._changes.pop((patient_id, sighting.building), None)
        else:
            self._changes[patient_id, sighting.building] = due
        return decide(evidence, visits, self._policy, now)

    def _review(
        self,
        identity: Identity,
        sighting: Sighting,
        decided: Sequence[tuple[Candidate, Decision]],
    ) -> Review:
        reason = next(one.reason for _, one in decided if one.outcome is Outcome.REVIEW)
        return Review(
            review_id=uuid4(),
            opened_at=self._clock.now(),
            captured_at=sighting.captured_at,
            camera_id=identity.camera_id,
            track_id=identity.track_id,
            building=sighting.building,
            reason=reason,
            band=identity.band,
            threshold=identity.threshold,
            pack_id=identity.pack_id,
            candidates=tuple(
                ReviewCandidate(
                    candidate.patient_id, candidate.score, one.appointments, one.once_confirmed
                )
                for candidate, one in decided
            ),
            crop=sighting.crop,
        )

    def _check_in(self, identity: Identity, appointment_id: UUID, sighting: Sighting) -> CheckIn:
        return CheckIn(
            event_id=uuid4(),
            site_id=self._site_id,
            appointment_id=appointment_id,
            patient_id=identity.patient_id,
            method=Method.FACE,
            evidence=EvidenceGrade.FACE,
            occurred_at=sighting.captured_at,
            camera_id=identity.camera_id,
            score=identity.score,
            threshold=identity.threshold,
            pack_id=identity.pack_id,
        )

    def _presence(self, identity: Identity, seen: SeenFor, sighting: Sighting) -> Presence:
        key = presence_id(
            identity.patient_id,
            seen.appointment_id,
            seen.flag,
            Method.FACE,
            identity.camera_id,
            sighting.captured_at,
        )
        return Presence(
            presence_id=key,
            site_id=self._site_id,
            patient_id=identity.patient_id,
            appointment_id=seen.appointment_id,
            flag=seen.flag,
            method=Method.FACE,
            evidence=EvidenceGrade.FACE,
            occurred_at=sighting.captured_at,
            building=sighting.building,
            camera_id=identity.camera_id,
            score=identity.score,
            threshold=identity.threshold,
            pack_id=identity.pack_id,
        )


def _conflict_of(decision: Decision) -> Decision:
    """What a person has to see although something has arrived: what was held, a noshow beside."""
    about = (*decision.held, *decision.conflicts)
    if not about:
        return Decision(Outcome.IGNORE, decision.reason)
    reason = Reason.ENROLLED_BY_BILLER if decision.held else Reason.NOSHOW_SET
    return Decision(Outcome.REVIEW, reason, about)


def _tell(identity: Identity, decision: Decision) -> None:
    log.info(
        "decision",
        camera=identity.camera_id,
        track=identity.track_id,
        patient=str(identity.patient_id),
        outcome=decision.outcome.value,
        reason=decision.reason.value,
        appointments=len(decision.appointments),
        presences=[one.flag.value for one in (*decision.presences, *decision.once_confirmed)],
        band=identity.band.value,
        score=round(identity.score, 3),
        threshold=round(identity.threshold, 3),
        margin=round(identity.margin, 3),
        frames=identity.frames_agreeing,
        liveness=None if identity.liveness is None else round(identity.liveness, 3),
    )
