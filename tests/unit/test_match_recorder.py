"""Tracks are counted by day and camera, and none is lost or doubled while the database is away."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone

from streamer.domain.identity import Band
from streamer.domain.match_count import MatchCount
from streamer.errors import DatabaseError
from streamer.match_recorder import MatchRecorder
from tests.fakes.clock import FakeClock

ALMATY = timezone(timedelta(hours=5))


class Store:
    def __init__(self) -> None:
        self.written: list[MatchCount] = []
        self.refusals = 0

    async def add(self, counts: Sequence[MatchCount]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise DatabaseError("database: away")
        self.written += counts


async def once(recorder: MatchRecorder) -> None:
    stop = asyncio.Event()
    stop.set()
    await recorder.run(stop)


async def test_a_days_tracks_by_camera() -> None:
    store, clock = Store(), FakeClock(datetime(2026, 11, 23, 18, 59, 59, tzinfo=UTC))
    recorder = MatchRecorder(store, ALMATY, clock)
    recorder.searched("lobby-1", 10)
    recorder.searched("lobby-1", 30)
    recorder.reached("lobby-1", Band.REVIEW)
    recorder.reached("lobby-1", Band.ACCEPT)
    recorder.searched("lobby-2", 5)
    clock.advance(1)
    recorder.searched("lobby-1", 7)
    await once(recorder)
    assert store.written == [
        MatchCount(date(2026, 11, 23), "lobby-1", 2, 40, 30, 1, 1),
        MatchCount(date(2026, 11, 23), "lobby-2", 1, 5, 5, 0, 0),
        MatchCount(date(2026, 11, 24), "lobby-1", 1, 7, 7, 0, 0),
    ]
    await once(recorder)
    assert len(store.written) == 3


async def test_what_could_not_be_written_is_added_to_what_comes() -> None:
    store = Store()
    store.refusals = 1
    recorder = MatchRecorder(store, ALMATY, FakeClock())
    recorder.searched("lobby-1", 10)
    recorder.reached("lobby-1", Band.ACCEPT)
    await once(recorder)
    assert store.written == []
    recorder.searched("lobby-1", 20)
    await once(recorder)
    (written,) = store.written
    assert (written.tracks, written.gallery_sum, written.gallery_max) == (2, 30, 20)
    assert written.accepted == 1
