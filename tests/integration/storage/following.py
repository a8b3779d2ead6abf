"""Change feed, gallery and schedule as the service runs them, over a test's clinic."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from types import TracebackType
from typing import Self
from uuid import UUID

from streamer.background import Background
from streamer.domain.appointment import Appointment
from streamer.domain.change import Change
from streamer.domain.template import Template
from streamer.gallery_keeper import GalleryKeeper
from streamer.schedule_keeper import ScheduleKeeper
from streamer.storage.change_feed import ChangeFeed
from streamer.storage.redis_link import RedisLink
from streamer.tracking.voting import Search
from tests.fakes.clock import ShiftedClock
from tests.fakes.matcher import FakeGallery
from tests.integration.storage.clinic import NOW, SITE, Clinic

PATIENCE_S = 30.0
"""For what takes a moment, on a machine that is busy."""
LOOK_S = 0.01


class People(FakeGallery):
    """A gallery that knows only who is in it."""

    def __init__(self, people: frozenset[UUID]) -> None:
        super().__init__({str(one): 0 for one in people})
        self.people = people


def build(before: Search | None, left: Collection[UUID], entered: Sequence[Template]) -> Search:
    stay = before.people - frozenset(left) if isinstance(before, People) else frozenset()
    return People(stay | {one.patient_id for one in entered})


class Following:
    """Runs while it is entered; nothing may have died by the end.

    `poll_s` far beyond the test shows that it was the feed that told; `with_feed=False` that it was
    not needed.
    """

    def __init__(
        self,
        clinic: Clinic,
        link: RedisLink | None,
        poll_s: float = 0.2,
        with_feed: bool = True,
        clock: ShiftedClock | None = None,
    ) -> None:
        self.clock = clock or ShiftedClock(NOW)
        self.told: list[Change] = []
        self.schedules = clinic.schedules(link)
        self.schedules._clock = self.clock
        self.gallery = GalleryKeeper(clinic.gallery(), build, self.clock, poll_s)
        self.keeper = ScheduleKeeper(self.schedules, self.clock, poll_s)
        self.feed = ChangeFeed(clinic.database.postgres, SITE.id, self._tell, self.clock)
        self._with_feed = with_feed
        self._background, self._stop = Background(), asyncio.Event()

    def _tell(self, change: Change) -> None:
        self.told.append(change)
        self.schedules.changed(change)
        self.gallery.wake()
        self.keeper.wake()

    async def __aenter__(self) -> Self:
        await self.gallery.refresh()
        await self.schedules.refresh()
        self._background.start("gallery", self.gallery.run(self._stop))
        self._background.start("schedule", self.keeper.run(self._stop))
        if self._with_feed:
            self._background.start("changes", self.feed.run(self._stop))
            await self.until(lambda: self.feed.listening and bool(self.told))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        watching = asyncio.create_task(self._background.watch(self._stop))
        await asyncio.sleep(0)
        self._stop.set()
        await watching
        await self._background.finish(20)

    @property
    def people(self) -> frozenset[UUID]:
        search = self.gallery.current.search
        return search.people if isinstance(search, People) else frozenset()

    async def appointments(self, patient: UUID) -> Sequence[Appointment]:
        return await self.schedules.appointments_of(patient, self.clock.now())

    async def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(int(PATIENCE_S / LOOK_S)):
            if holds():
                return
            await asyncio.sleep(LOOK_S)
        raise AssertionError("it did not come to that")

    async def until_hours(self, patient: UUID, hours: list[int]) -> None:
        """Until the schedule says that the patient's appointments start at these hours, UTC."""
        for _ in range(int(PATIENCE_S / LOOK_S)):
            found = [one.starts_at.hour for one in await self.appointments(patient)]
            if found == hours:
                return
            await asyncio.sleep(LOOK_S)
        raise AssertionError(f"the schedule says {found}")
