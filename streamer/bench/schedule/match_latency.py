"""How long a match waits for its schedule, with Redis there, flushed, full of garbage, and away."""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from itertools import cycle
from typing import Final

from redis.asyncio import Redis

from matcher.gallery import Gallery
from streamer.bench.schedule.large_clinic import Visitor
from streamer.clock import Clock
from streamer.errors import KirdiError
from streamer.storage.redis_link import RedisLink
from streamer.storage.schedules import ScheduleCache

ROUND: Final = 100
"""Matches in a row before the next state takes its turn."""
_SHOTS: Final = 8
# A decision asks for the days of these moments around a sighting.
_AROUND: Final = (timedelta(), timedelta(minutes=-30), timedelta(minutes=120))


class MatchLatency:
    """Matches one after the other: a track's shots among the gallery, then the patient's day."""

    def __init__(self, gallery: Gallery, visitors: Sequence[Visitor], clock: Clock) -> None:
        """Go round the visitors."""
        self._gallery = gallery
        self._visitors = cycle(visitors)
        self._clock = clock

    async def round(self, schedules: ScheduleCache) -> list[float]:
        """Seconds of each match.

        Raises:
            KirdiError: One found somebody else, or no appointment.
        """
        spent = []
        for _ in range(ROUND):
            one = next(self._visitors)
            began = time.perf_counter()
            (found, *_) = self._gallery.search([one.probe] * _SHOTS)
            now = self._clock.now()
            days = [
                await schedules.appointments_of(one.patient_id, now + shift) for shift in _AROUND
            ]
            spent.append(time.perf_counter() - began)
            right = found is not None and found.owner == str(one.patient_id)
            if not right or any(len(day) != 1 for day in days):
                raise KirdiError("benchmark: a match was lost; this must not happen")
        return spent


async def flush(link: RedisLink) -> None:
    """Empty Redis."""
    await link.call(_flush)


async def spoil(link: RedisLink) -> None:
    """Write garbage to every key."""
    await link.call(_spoil)


async def _flush(redis: Redis) -> None:
    await redis.flushall()


async def _spoil(redis: Redis) -> None:
    async for key in redis.scan_iter("kirdi:schedule:*"):
        await redis.set(key, b"\x80\x04garbage")


async def leave(_link: RedisLink) -> None:
    """Change nothing."""


Harm = Callable[[RedisLink], Awaitable[None]]
STATES: Final[dict[str, Harm]] = {"up": leave, "flushed": flush, "garbage": spoil}
