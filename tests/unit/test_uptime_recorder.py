"""Camera uptime is written in order, once per change, also after the database was away."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.errors import DatabaseError
from streamer.uptime_recorder import UptimeRecorder
from tests.fakes.clock import FakeClock

SINCE = datetime(2026, 11, 23, tzinfo=UTC)


class Store:
    def __init__(self) -> None:
        self.calls: list[str] = []
        self.began: list[datetime] = []
        self.away = 0

    async def recover(self) -> int:
        self._note("recover")
        return 0

    async def record(self, state: CameraState) -> None:
        self._note(f"{state.camera_id} {state.status.value}")
        self.began.append(state.changed_at or state.since)

    async def end(self, camera_id: str, at: datetime) -> None:
        self._note(f"{camera_id} removed")

    async def heartbeat(self, now: datetime) -> None:
        self._note("heartbeat")

    async def close(self, now: datetime) -> None:
        self._note("close")

    def _note(self, what: str) -> None:
        if self.away:
            self.away -= 1
            raise DatabaseError("database: away")
        self.calls.append(what)


def state(status: CameraStatus, decoded: int = 0) -> CameraState:
    return CameraState("lobby-1", status, "", SINCE, decoded=decoded)


class Standing(FakeClock):
    """Waits a moment of real time, and stands still until a test moves it."""

    async def sleep(self, seconds: float, stop: asyncio.Event) -> bool:
        await asyncio.sleep(0.001)
        return stop.is_set()

    def stand_still(self, seconds: float) -> None:
        """As on a suspended host: the wall clock goes on alone."""
        self._now += timedelta(seconds=seconds)


async def run(store: Store, *states: CameraState) -> list[str]:
    recorder, stop = UptimeRecorder(store, FakeClock(), 300.0), asyncio.Event()
    task = asyncio.create_task(recorder.run(stop))
    for one in states:
        recorder.note(one)
        await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(task, 5)
    return [call for call in store.calls if call != "heartbeat"]


async def test_changes_are_written_in_order_and_counters_are_no_change() -> None:
    calls = await run(
        Store(),
        state(CameraStatus.STARTING),
        state(CameraStatus.STREAMING),
        state(CameraStatus.STREAMING, decoded=100),
        state(CameraStatus.DOWN),
    )
    assert calls == ["recover", "lobby-1 starting", "lobby-1 streaming", "lobby-1 down", "close"]


async def test_nothing_is_lost_while_the_database_is_away() -> None:
    store = Store()
    store.away = 3
    calls = await run(store, state(CameraStatus.STARTING), state(CameraStatus.STREAMING))
    assert calls == ["recover", "lobby-1 starting", "lobby-1 streaming", "close"]


async def test_after_a_long_outage_the_time_in_between_is_not_covered() -> None:
    """Without the database for so long nobody was recognised, whatever the cameras saw."""

    store, clock, stop = Store(), Standing(), asyncio.Event()
    recorder = UptimeRecorder(store, clock, 300.0)
    task = asyncio.create_task(recorder.run(stop))
    recorder.note(state(CameraStatus.STREAMING))
    await asyncio.sleep(0.01)
    store.away = 10**6
    await asyncio.sleep(0.01)
    clock.advance(301.0)
    store.away = 0
    await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(task, 5)
    calls = [call for call in store.calls if call != "heartbeat"]
    assert calls == ["recover", "lobby-1 streaming", "recover", "lobby-1 streaming", "close"]


async def test_a_removed_camera_ends_in_its_turn_also_after_the_database_was_away() -> None:
    store, stop = Store(), asyncio.Event()
    store.away = 2
    recorder = UptimeRecorder(store, FakeClock(), 300.0)
    recorder.forget("lobby-1", SINCE)
    recorder.note(state(CameraStatus.STREAMING))
    recorder.forget("lobby-1", SINCE)
    recorder.note(state(CameraStatus.STREAMING))
    task = asyncio.create_task(recorder.run(stop))
    await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(task, 5)
    calls = [call for call in store.calls if call != "heartbeat"]
    assert calls == [
        "recover",
        *("lobby-1 streaming", "lobby-1 removed", "lobby-1 streaming"),
        "close",
    ]


@pytest.mark.parametrize(("seconds", "gap"), [(8 * 3600.0, True), (10.0, False)])
async def test_while_the_machine_stood_still_nothing_was_covered(seconds: float, gap: bool) -> None:
    """And what a camera says as the machine wakes up does not reach back over that time."""
    store, clock, stop = Store(), Standing(), asyncio.Event()
    recorder = UptimeRecorder(store, clock, 300.0)
    task = asyncio.create_task(recorder.run(stop))
    recorder.note(state(CameraStatus.STREAMING))
    await asyncio.sleep(0.01)
    clock.stand_still(seconds)
    recorder.note(state(CameraStatus.STALLED))
    await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(task, 5)
    calls = [call for call in store.calls if call != "heartbeat"]
    again = ["recover"] if gap else []
    assert calls == ["recover", "lobby-1 streaming", *again, "lobby-1 stalled", "close"]
    assert store.began[-1] == (clock.now() if gap else SINCE)


async def test_a_slow_database_is_no_standstill() -> None:
    class Slow(Store):
        async def heartbeat(self, now: datetime) -> None:
            clock.advance(16)
            await super().heartbeat(now)

    store, clock = Slow(), FakeClock()
    recorder, stop = UptimeRecorder(store, clock, 300.0), asyncio.Event()
    task = asyncio.create_task(recorder.run(stop))
    recorder.note(state(CameraStatus.STREAMING))
    await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(task, 5)
    assert store.calls.count("recover") == 1


async def test_a_standstill_is_written_also_when_the_database_was_away() -> None:
    store, clock, stop = Store(), Standing(), asyncio.Event()
    recorder = UptimeRecorder(store, clock, 300.0)
    task = asyncio.create_task(recorder.run(stop))
    recorder.note(state(CameraStatus.STARTING))
    await asyncio.sleep(0.01)
    store.away = 10**6
    recorder.note(state(CameraStatus.STREAMING))
    await asyncio.sleep(0.01)
    clock.stand_still(60)
    await asyncio.sleep(0.01)
    store.away = 0
    await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(task, 5)
    calls = [call for call in store.calls if call != "heartbeat"]
    assert calls == [
        *("recover", "lobby-1 starting", "lobby-1 streaming"),
        *("recover", "lobby-1 streaming", "close"),
    ]


async def test_of_too_many_changes_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.uptime_recorder.MOST_WAITING", 2)
    noted: list[CameraStatus] = [CameraStatus.DOWN, CameraStatus.STALLED]

    class Away(Store):
        async def record(self, state: CameraState) -> None:
            while noted:
                recorder.note(CameraState("lobby-1", noted.pop(), "", SINCE))
                self.away = 1
            await super().record(state)

    store, stop = Away(), asyncio.Event()
    recorder = UptimeRecorder(store, FakeClock(), 300.0)
    recorder.note(state(CameraStatus.STARTING))
    recorder.note(state(CameraStatus.STREAMING))
    task = asyncio.create_task(recorder.run(stop))
    await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(task, 5)
    calls = [call for call in store.calls if call != "heartbeat"]
    assert calls == ["recover", "lobby-1 stalled", "lobby-1 down", "close"]
