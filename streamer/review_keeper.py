"""Lets go of waiting faces whose patient consents no more. Made and run by `app`.

The gallery forgets a face within a second of the withdrawal, and the picture that waits for a
person stays no longer. It asks by itself every second; `wake` only makes it sooner.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol
from uuid import UUID

import structlog

from streamer.alarm import Alarm
from streamer.checkin.review_queue import ReviewQueue
from streamer.clock import Clock
from streamer.domain.review_report import ReviewReferences
from streamer.errors import KirdiError

log = structlog.get_logger(__name__)

_EVERY_S: Final = 1.0


class ReferenceStore(Protocol):
    """Knows who consents."""

    async def describe(
        self, patients: Sequence[UUID], appointments: Sequence[UUID]
    ) -> ReviewReferences:
        """Translate ids; raises DatabaseError."""
        ...


class ReviewKeeper:
    """Keeps the queue of reviews to those who consent."""

    def __init__(self, queue: ReviewQueue, store: ReferenceStore, clock: Clock) -> None:
        """Keep the collaborators."""
        self._queue = queue
        self._store = store
        self._clock = clock
        self._alarm = Alarm(clock, _EVERY_S)

    def wake(self) -> None:
        """A consent may have ended: look now. Called on the loop."""
        self._alarm.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Look until stopped; a database that is away is waited for, and reviews end by time."""
        while not stop.is_set():
            began = self._clock.monotonic()
            try:
                await self.look()
            except KirdiError as error:
                log.debug("consents of reviews not looked at", reason=str(error))
            await self._alarm.wait(self._clock.monotonic() - began, stop)

    async def look(self) -> None:
        """Let go of every review, its crop included, whose likeliest patient consents no more.

        So of what was seen before a withdrawal where a new consent was signed within this second.
        Others who come into question were less like the face; once seen again, they wait anew.

        Raises:
            DatabaseError: It is not known who consents; all go on waiting.
        """
        waiting = self._queue.waiting()
        if not waiting:
            return
        leads = {one.candidates[0].patient_id for one in waiting}
        described = await self._store.describe(tuple(leads), ())
        # Whatever of theirs has come meanwhile, too.
        for one in self._queue.waiting():
            lead = one.candidates[0].patient_id
            if lead in leads and lead not in described.consenting(one.captured_at):
                self._queue.take(one.review_id)
                log.info("review let go of: no consent", review=str(one.review_id))
