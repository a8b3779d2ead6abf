"""Finds what is changed of the day, whoever changes it, and has it told to pages. Run by `app`.

Looks twice a second while somebody follows, and at once where it hears of a change: from the
database (`storage.change_feed`) or from whoever wrote it (`storage.day_listener`).
"""

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol
from uuid import UUID

import structlog

from streamer.alarm import Alarm
from streamer.clock import Clock
from streamer.domain.day_change import DayChange, DayVersions
from streamer.errors import DatabaseError

log = structlog.get_logger(__name__)

LOOK_S: Final = 0.5
MOST_ROWS: Final = 200
"""Of more rows at once pages read the day anew."""


class Day(Protocol):
    """What is looked at; `storage.day_reader.DayReader` is."""

    async def versions(self) -> DayVersions:
        """As it is; the same object where nothing was changed. Raises DatabaseError."""
        ...


class Told(Protocol):
    """Who is told; `web.events.hub.EventHub` is."""

    wanted: asyncio.Event

    async def woken(self) -> None:
        """Wait until it is time to look."""
        ...

    def owned(self, owners: Mapping[UUID, str]) -> None:
        """Whose the rows are."""
        ...

    def new_day(self, owners: Mapping[UUID, str]) -> None:
        """Likewise, of another day."""
        ...

    def is_fresh(self, fresh: bool) -> None:
        """Whether changes can be found."""
        ...

    async def publish(self, change: DayChange) -> None:
        """Something was changed."""
        ...


class DayFollower:
    """Compares the day with what it was at the last look."""

    def __init__(self, day: Day, told: Told, clock: Clock) -> None:
        """Keep the collaborators."""
        self._day = day
        self._told = told
        self._clock = clock
        self._alarm = Alarm(clock, LOOK_S)
        self._before: DayVersions | None = None
        self._begun = False

    async def begin(self) -> None:
        """Look for the first time; to be done before anybody is shown the day. Never raises."""
        await self._look()
        self._begun = True

    def wake(self) -> None:
        """Something was changed. Called on the loop; never blocks."""
        self._alarm.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Look until stopped; a database that is away is waited for."""
        hearing = asyncio.create_task(self._hear())
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                began = self._clock.monotonic()
                await self._look()
                took = self._clock.monotonic() - began
                if await self._alarm.wait(took, stop):
                    return
                # What was changed while nobody followed is found by the first look after that.
                waiting = asyncio.create_task(self._told.wanted.wait())
                await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
        finally:
            for one in (hearing, stopping):
                one.cancel()
            await asyncio.gather(hearing, stopping, return_exceptions=True)

    async def _hear(self) -> None:
        while True:
            await self._told.woken()
            self._alarm.wake()

    async def _look(self) -> None:
        try:
            now = await self._day.versions()
        except DatabaseError as error:
            log.debug("day not looked at", reason=str(error))
            self._told.is_fresh(False)
            return
        self._told.is_fresh(True)
        before, self._before = self._before, now
        if before is now:
            return
        owners = {key: owner for key, (_, owner) in now.rows.items()}
        if before is None or before.day != now.day:
            self._told.new_day(owners)
        self._told.owned(owners)
        if before is not None:
            change = now.since(before, MOST_ROWS)
        elif self._begun:
            # The first looks failed; what pages were shown meanwhile nobody knows.
            change = DayChange(everything=True)
        else:
            return
        if change != DayChange():
            await self._told.publish(change)
