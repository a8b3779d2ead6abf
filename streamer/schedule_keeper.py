"""Keeps the schedule true: the site's appointments around now, this second. Run by `app`.

Whoever changes an appointment, an import, the hospital's system or somebody at a database prompt,
is followed within `refresh_s`, and at once where `storage.change_feed` hears of it.
"""

import asyncio
from typing import Protocol

import structlog

from streamer.alarm import Alarm
from streamer.clock import Clock
from streamer.errors import DatabaseError

log = structlog.get_logger(__name__)


class Refreshable(Protocol):
    """What is kept."""

    async def refresh(self) -> None:
        """Bring it up to date once; raises DatabaseError."""
        ...


class ScheduleKeeper:
    """Looks again and again."""

    def __init__(self, schedules: Refreshable, clock: Clock, refresh_s: float) -> None:
        """Keep what `run` works with."""
        self._schedules = schedules
        self._clock = clock
        self._alarm = Alarm(clock, refresh_s)

    def wake(self) -> None:
        """Something was changed: look now and not in a second. Called on the loop."""
        self._alarm.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Refresh until stopped. A database that is away is waited for."""
        away = False
        while not stop.is_set():
            began = self._clock.monotonic()
            try:
                await self._schedules.refresh()
                away = False
            except DatabaseError as error:
                if not away:
                    log.warning("schedule not refreshed", reason=str(error))
                away = True
            await self._alarm.wait(self._clock.monotonic() - began, stop)
