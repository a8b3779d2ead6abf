"""Turns an identity into check-ins: reads the schedule, decides, and hands over for delivery.

Called by the pipeline for every settled identity; called again for the same person it does no harm.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid4

import structlog

from streamer.checkin.decision import ArrivalPolicy, decide
from streamer.checkin.waiting import wait_for_any
from streamer.clock import Clock
from streamer.domain.appointment import Appointment
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method
from streamer.domain.decision import Decision, Outcome
from streamer.domain.identity import Identity
from streamer.errors import DatabaseError, KirdiError

log = structlog.get_logger(__name__)

# Others wait behind the one that is being decided.
_READ_TIMEOUT_S = 2.0
_RETRY_S = 1.0


class ScheduleReader(Protocol):
    """Where a patient's appointments of the day are read."""

    async def appointments_of(
        self, patient_id: UUID, now: datetime, refresh: bool = False
    ) -> Sequence[Appointment]:
        """Today's appointments; `refresh` goes past the cache to PostgreSQL."""
        ...


class Delivery(Protocol):
    """Takes over a check-in and sees that it is written exactly once."""

    async def accept(self, check_in: CheckIn) -> bool:
        """Return False when the same appointment's check-in is already on its way."""
        ...


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where and when an identity was established.

    Attributes:
        captured_at: Of the frame whose face agreed; not before the gallery it was found in.
    """

    building: str
    captured_at: datetime


class CheckInService:
    """Decides about recognised patients, one after the other.

    Sightings wait in memory, so that no camera waits for the database, and none is lost while it is
    away. A patient waits at most once, with the earliest sighting: the gallery bounds the queue.
    """

    def __init__(
        self,
        site_id: str,
        schedules: ScheduleReader,
        delivery: Delivery,
        policy: ArrivalPolicy,
        clock: Clock,
    ) -> None:
        """Keep the collaborators; `run` does the work."""
        self._site_id = site_id
        self._schedules = schedules
        self._delivery = delivery
        self._policy = policy
        self._clock = clock
        self._waiting: dict[tuple[UUID, str], tuple[Identity, Sighting]] = {}
        self._arrived = asyncio.Event()

    def propose(self, identity: Identity, sighting: Sighting) -> None:
        """Take in a sighting; repeating it does no harm. Called on the loop."""
        self._waiting.setdefault((identity.patient_id, sighting.building), (identity, sighting))
        self._arrived.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Decide what comes in until stopped; what waits then is tried once more."""
        away = False
        while True:
            self._arrived.clear()
            stopping = stop.is_set()
            for key, (identity, sighting) in list(self._waiting.items()):
                try:
                    await self.decide(identity, sighting)
                except KirdiError as error:
                    if not away:
                        log.warning("decision waits", camera=identity.camera_id, reason=str(error))
                    away = True
                else:
                    del self._waiting[key]
                    away = False
            if stopping:
                return
            if self._waiting:
                await self._clock.sleep(_RETRY_S, stop)
            else:
                await wait_for_any(self._arrived, stop)

    async def decide(self, identity: Identity, sighting: Sighting) -> Decision:
        """Decide what a sighting means and set off what follows.

        Raises:
            KirdiError: The schedule cannot be read, or the check-in not be made durable.
        """
        decision = await self._decide(identity.patient_id, sighting, refresh=False)
        if decision.outcome is Outcome.IGNORE:
            # Before the last word is a no, PostgreSQL is asked: the cache may be behind.
            decision = await self._decide(identity.patient_id, sighting, refresh=True)
        if decision.outcome is Outcome.ARRIVE:
            for appointment_id in decision.appointments:
                await self._delivery.accept(self._check_in(identity, appointment_id, sighting))
        log.info(
            "decision",
            camera=identity.camera_id,
            track=identity.track_id,
            patient=str(identity.patient_id),
            outcome=decision.outcome.value,
            reason=decision.reason.value,
            appointments=len(decision.appointments),
            score=round(identity.score, 3),
            margin=round(identity.margin, 3),
            frames=identity.frames_agreeing,
        )
        return decision

    async def _decide(self, patient_id: UUID, sighting: Sighting, refresh: bool) -> Decision:
        now = sighting.captured_at
        # Around midnight the window reaches into the day before or after.
        moments = (now, now - self._policy.closes_after, now + self._policy.opens_before)
        appointments: dict[UUID, Appointment] = {}
        try:
            async with asyncio.timeout(_READ_TIMEOUT_S):
                for moment in moments:
                    for one in await self._schedules.appointments_of(patient_id, moment, refresh):
                        appointments[one.appointment_id] = one
        except TimeoutError as error:
            raise DatabaseError(
                f"schedule: no answer in {_READ_TIMEOUT_S:g} s; it is asked again"
            ) from error
        return decide(tuple(appointments.values()), sighting.building, self._policy, now)

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
