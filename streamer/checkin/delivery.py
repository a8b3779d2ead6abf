"""Writes accepted check-ins to the database: each exactly once, whatever fails in between.

A check-in is put into the spool on disk first, then written in one transaction, then taken out of
the spool. While the database is away it waits and is tried again; after a crash the next start
finds it in the spool. The event id makes a second delivery harmless.
"""

import asyncio
import random
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import structlog

from streamer.checkin.waiting import wait_for_any
from streamer.clock import Clock
from streamer.domain.check_in import CheckIn, Recorded
from streamer.errors import DatabaseError, KirdiError

log = structlog.get_logger(__name__)

_FIRST_RETRY_S = 0.5
_LONGEST_RETRY_S = 10.0


class CheckInWriter(Protocol):
    """The transaction."""

    async def record(self, check_in: CheckIn) -> Recorded:
        """Write it, or say why not.

        Raises:
            DatabaseError: It is not known to be written; try again.
        """
        ...


class Spool(Protocol):
    """Check-ins on disk that are accepted and not yet known to be written. Blocking."""

    def put(self, check_in: CheckIn) -> None:
        """Make it durable before returning."""
        ...

    def remove(self, event_id: UUID) -> None:
        """Forget one; unknown ids are fine."""
        ...

    def pending(self) -> Sequence[CheckIn]:
        """Return everything not yet removed, oldest first."""
        ...


class CheckInDelivery:
    """The way of a check-in from the decision to the database.

    What waits is bounded by the day's appointments: an appointment has at most one check-in here.
    """

    def __init__(self, writer: CheckInWriter, spool: Spool, clock: Clock) -> None:
        """Keep the collaborators; `run` does the work."""
        self._writer = writer
        self._spool = spool
        self._clock = clock
        self._waiting: dict[UUID, CheckIn] = {}
        # Appointments on their way into the spool: not to be delivered before they are durable.
        self._accepting: set[UUID] = set()
        self._arrived = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many check-ins are accepted and not yet known to be written."""
        return len(self._waiting)

    async def accept(self, check_in: CheckIn) -> bool:
        """See `streamer.checkin.service.Delivery`.

        Raises:
            KirdiError: The spool cannot be written, so that nothing was accepted.
        """
        appointment_id = check_in.appointment_id
        if appointment_id in self._waiting or appointment_id in self._accepting:
            return False
        self._accepting.add(appointment_id)
        try:
            await asyncio.to_thread(self._spool.put, check_in)
        finally:
            self._accepting.discard(appointment_id)
        self._waiting[appointment_id] = check_in
        self._arrived.set()
        return True

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until stopped; begins with what an earlier run left in the spool."""
        for left in await asyncio.to_thread(self._spool.pending):
            self._waiting.setdefault(left.appointment_id, left)
        if self._waiting:
            log.info("check-ins found in the spool", count=len(self._waiting))
        pause = _FIRST_RETRY_S
        while not stop.is_set():
            self._arrived.clear()
            if await self._deliver_all():
                pause = _FIRST_RETRY_S
                await wait_for_any(self._arrived, stop)
            else:
                # Jitter, so that several services do not return to the database in step.
                await self._clock.sleep(pause * random.uniform(0.8, 1.2), stop)  # noqa: S311
                pause = min(2 * pause, _LONGEST_RETRY_S)
        await self._deliver_all()

    async def _deliver_all(self) -> bool:
        """Try everything that waits, one failure or not; False if something still waits."""
        failed = False
        for check_in in list(self._waiting.values()):
            try:
                recorded = await self._writer.record(check_in)
            except DatabaseError as error:
                # The next one may be written: this row may be locked, or refused for itself.
                log.warning("check-in waits", event_id=str(check_in.event_id), reason=str(error))
                failed = True
                continue
            self._waiting.pop(check_in.appointment_id, None)
            await self._unspool(check_in)
            log.info(
                "check-in",
                event_id=str(check_in.event_id),
                appointment=str(check_in.appointment_id),
                camera=check_in.camera_id,
                recorded=recorded.value,
            )
        return not failed

    async def _unspool(self, check_in: CheckIn) -> None:
        try:
            await asyncio.to_thread(self._spool.remove, check_in.event_id)
        except KirdiError as error:
            # It is written; delivered once more by the next start, it will be a duplicate.
            log.warning("spool", event_id=str(check_in.event_id), reason=str(error))
