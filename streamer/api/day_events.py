"""Who finds what is changed of the day, and who tells pages. Made by `service_parts` and tests."""

import asyncio
from dataclasses import dataclass

from streamer.backend import Backend
from streamer.day_follower import DayFollower
from streamer.storage.day_reader import DayReader
from streamer.web.events.hub import EventHub


@dataclass(frozen=True, slots=True)
class DayEvents:
    """The two of them, and what the API reads the day with."""

    reader: DayReader
    hub: EventHub
    follower: DayFollower

    async def run(self, stop: asyncio.Event) -> None:
        """Find and tell until stopped; ends when one of them does."""
        tasks = [
            asyncio.create_task(self.hub.run(stop)),
            asyncio.create_task(self.follower.run(stop)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def day_events(backend: Backend) -> DayEvents:
    """Make them of a site's stores."""
    reader = backend.day_reader
    hub = EventHub(reader, backend.events, backend.clock)
    return DayEvents(reader, hub, DayFollower(reader, hub, backend.clock))
