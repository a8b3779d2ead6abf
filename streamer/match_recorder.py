"""Counts, by day and camera, how many tracks were searched and what came of them.

Fed by the pipelines; written to the database once a minute. `kirdi evaluate --site` rests on it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Final, Protocol

import structlog

from streamer.clock import Clock
from streamer.domain.identity import Band
from streamer.domain.match_count import MatchCount
from streamer.errors import DatabaseError

log = structlog.get_logger(__name__)

_EVERY_S: Final = 60.0


class CountStore(Protocol):
    """Where the counts go."""

    async def add(self, counts: Sequence[MatchCount]) -> None:
        """Add to what is there, all or nothing; raises DatabaseError."""
        ...


@dataclass(slots=True)
class _Tally:
    """A day and camera in progress."""

    tracks: int = 0
    gallery_sum: int = 0
    gallery_max: int = 0
    accepted: int = 0
    reviewed: int = 0


class MatchRecorder:
    """Holds a tally per day and camera while the database is away, and no more than that."""

    def __init__(self, store: CountStore, zone: tzinfo, clock: Clock) -> None:
        """Keep the collaborators; `zone` says when a day ends."""
        self._store = store
        self._zone = zone
        self._clock = clock
        self._tallies: dict[tuple[date, str], _Tally] = {}

    def searched(self, camera_id: str, gallery_size: int) -> None:
        """See `streamer.pipeline.MatchCounts`."""
        tally = self._of(camera_id)
        tally.tracks += 1
        tally.gallery_sum += gallery_size
        tally.gallery_max = max(tally.gallery_max, gallery_size)

    def reached(self, camera_id: str, band: Band) -> None:
        """See `streamer.pipeline.MatchCounts`."""
        if band is Band.ACCEPT:
            self._of(camera_id).accepted += 1
        else:
            self._of(camera_id).reviewed += 1

    async def run(self, stop: asyncio.Event) -> None:
        """Write once a minute, and once more when stopped."""
        away = stopping = False
        while not stopping:
            stopping = await self._clock.sleep(_EVERY_S, stop)
            try:
                await self._write()
                away = False
            except DatabaseError as error:
                if not away:
                    log.warning("match counts not written", reason=str(error))
                away = True

    async def _write(self) -> None:
        written, self._tallies = self._tallies, {}
        counts = [
            MatchCount(
                day,
                camera_id,
                one.tracks,
                one.gallery_sum,
                one.gallery_max,
                one.accepted,
                one.reviewed,
            )
            for (day, camera_id), one in written.items()
        ]
        try:
            if counts:
                await self._store.add(counts)
        except DatabaseError:
            for key, counted in written.items():
                self._keep(key, counted)
            raise

    def _keep(self, key: tuple[date, str], counted: _Tally) -> None:
        """Put back what could not be written, to what came meanwhile."""
        tally = self._tallies.setdefault(key, _Tally())
        tally.tracks += counted.tracks
        tally.gallery_sum += counted.gallery_sum
        tally.gallery_max = max(tally.gallery_max, counted.gallery_max)
        tally.accepted += counted.accepted
        tally.reviewed += counted.reviewed

    def _of(self, camera_id: str) -> _Tally:
        day = self._clock.now().astimezone(self._zone).date()
        return self._tallies.setdefault((day, camera_id), _Tally())
