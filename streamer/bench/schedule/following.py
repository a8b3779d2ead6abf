"""The keepers and the change feed as the service runs them, with a stopwatch."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from matcher.gallery import Gallery
from streamer.background import Background
from streamer.bench.schedule.large_clinic import Visitor
from streamer.clock import Clock
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.change import Change
from streamer.errors import KirdiError
from streamer.gallery_keeper import GalleryKeeper
from streamer.schedule_keeper import ScheduleKeeper
from streamer.storage.change_feed import ChangeFeed
from streamer.storage.postgres import Postgres
from streamer.storage.schedules import ScheduleCache

_LOOK_S: Final = 0.001
_LIMIT_S: Final = 60.0
_STOP_S: Final = 30.0


class Following:
    """What follows the changes of one site."""

    def __init__(
        self,
        postgres: Postgres,
        site_id: str,
        gallery: GalleryKeeper,
        schedules: ScheduleCache,
        clock: Clock,
    ) -> None:
        """Keep the parts; `running` starts them."""
        self._postgres = postgres
        self._site_id = site_id
        self._gallery = gallery
        self._schedules = schedules
        self._clock = clock

    @asynccontextmanager
    async def running(self, refresh_s: float, *, heard: bool) -> AsyncIterator[None]:
        """Run keepers, and the feed where changes are to be heard."""
        schedule = ScheduleKeeper(self._schedules, self._clock, refresh_s)

        def tell(change: Change) -> None:
            self._schedules.changed(change)
            self._gallery.wake()
            schedule.wake()

        feed = ChangeFeed(self._postgres, self._site_id, tell, self._clock)
        stop, tasks = asyncio.Event(), Background()
        tasks.start("gallery", self._gallery.run(stop))
        tasks.start("schedule", schedule.run(stop))
        if heard:
            tasks.start("changes", feed.run(stop))
        try:
            await asyncio.sleep(1.0)
            yield
        finally:
            stop.set()
            await tasks.finish(_STOP_S)

    async def until_gone(self, one: Visitor, change: Callable[[], Awaitable[None]]) -> float:
        """Cancel or withdraw, and return the seconds until nobody recognises the patient."""
        began = await _after(change)
        await self._until(lambda: _ready(str(one.patient_id) not in self._people()))
        return time.perf_counter() - began

    async def until_status(
        self, one: Visitor, status: AppointmentStatus, change: Callable[[], Awaitable[None]]
    ) -> float:
        """Change a status, and return the seconds until the schedule says so."""
        began = await _after(change)

        async def says_so() -> bool:
            found = await self._schedules.appointments_of(one.patient_id, self._clock.now())
            return [each.status for each in found] == [status]

        await self._until(says_so)
        return time.perf_counter() - began

    async def until_everybody(
        self, patients: list[UUID], building: str, change: Callable[[], Awaitable[None]]
    ) -> float:
        """Change the whole day, and return the seconds until the copy of it is swapped."""
        began = await _after(change)

        async def says_so(one: UUID) -> bool:
            found = await self._schedules.appointments_of(one, self._clock.now())
            return [each.building for each in found] == [building]

        async def swapped() -> bool:
            # Until then somebody who asks gets PostgreSQL's answer.
            return await says_so(patients[0]) and self._schedules.nobody_marked

        await self._until(swapped)
        spent = time.perf_counter() - began
        if not all([await says_so(one) for one in patients]):
            raise KirdiError("benchmark: part of a day was not swapped; this must not happen")
        return spent

    def _people(self) -> tuple[str, ...]:
        search = self._gallery.current.search
        return search.owners if isinstance(search, Gallery) else ()

    async def _until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        until = time.monotonic() + _LIMIT_S
        while not await holds():
            if time.monotonic() > until:
                raise KirdiError("benchmark: a change was not followed within a minute")
            await asyncio.sleep(_LOOK_S)


async def _after(change: Callable[[], Awaitable[None]]) -> float:
    await change()
    return time.perf_counter()


async def _ready(value: bool) -> bool:
    return value
