"""Looks at what others have done to the day: check-ins undone, appointments booked late.

Made and run by `app`. It asks the database again and again, so that nothing has to be remembered
over a restart and no message can be lost; `wake` only makes it sooner.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

import structlog

from streamer.checkin.afterwards import arrival_afterwards
from streamer.checkin.decision import ArrivalPolicy
from streamer.checkin.service import Delivery
from streamer.clock import Clock
from streamer.domain.late_booking import LateBooking
from streamer.domain.undone import Undone
from streamer.errors import KirdiError

log = structlog.get_logger(__name__)

_EVERY_S: Final = 1.0
# The dearer question is asked less often.
_BOOKINGS_EVERY: Final = 5


class DayFacts(Protocol):
    """What the database says of the site's day."""

    async def undone(self, now: datetime) -> Undone:
        """What people have undone today; raises DatabaseError."""
        ...

    async def late_bookings(self, now: datetime) -> Sequence[LateBooking]:
        """Whose patient has been seen today before nobody arrived; raises DatabaseError."""
        ...


class DayWatch:
    """Knows what was undone, and lets those arrive who were seen before they were booked."""

    def __init__(
        self,
        facts: DayFacts,
        delivery: Delivery,
        policy: ArrivalPolicy,
        practitioners: Mapping[str, str],
        site_id: str,
        clock: Clock,
    ) -> None:
        """Keep the collaborators; `refresh` once before the first decision, then `run`."""
        self._facts = facts
        self._delivery = delivery
        self._policy = policy
        self._practitioners = practitioners
        self._site_id = site_id
        self._clock = clock
        self._woken = False
        # Handed over by this process; a refused one is not handed over each time again.
        self._handed: set[UUID] = set()
        self.current = Undone()

    def wake(self) -> None:
        """The schedule has changed: look for late bookings at the next look. Called on the loop."""
        self._woken = True

    async def refresh(self) -> None:
        """Read what was undone; raises DatabaseError, and it stays as it was."""
        self.current = await self._facts.undone(self._clock.now())

    async def run(self, stop: asyncio.Event) -> None:
        """Look until stopped; a database that is away is waited for."""
        turn = 0
        while not stop.is_set():
            due, self._woken = self._woken or turn % _BOOKINGS_EVERY == 0, False
            try:
                await self.refresh()
                if due:
                    await self.look_back()
            except KirdiError as error:
                # The gallery says once that the database is away; here it is asked again anyway.
                log.debug("day not looked at", reason=str(error))
            turn += 1
            await self._clock.sleep(_EVERY_S, stop)

    async def look_back(self) -> None:
        """Hand over the arrivals at appointments that were booked after their patient was seen.

        Raises:
            DatabaseError: The question was not answered.
            KirdiError: An arrival could not be made durable.
        """
        found = {}
        for booking in await self._facts.late_bookings(self._clock.now()):
            check_in = arrival_afterwards(booking, self._policy, self._practitioners, self._site_id)
            if check_in is not None:
                found[check_in.event_id] = check_in
        # What is not found any more has been written, or can't be.
        self._handed &= found.keys()
        for event_id, check_in in found.items():
            if event_id in self._handed:
                continue
            await self._delivery.accept(check_in)
            self._handed.add(event_id)
            log.info(
                "arrived by an earlier sighting",
                appointment=str(check_in.appointment_id),
                patient=str(check_in.patient_id),
                seen_at=check_in.occurred_at.isoformat(),
            )
