"""When a camera is connected to for viewing, and when not; its process follows a script."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from config.settings import Camera
from streamer.ingest.decoder_command import Request
from streamer.ingest.live_view import LiveView
from streamer.ingest.packet_subscription import PacketSubscription
from streamer.ingest.packet_wire import WirePacket
from streamer.ingest.protocol import Failure, FailureKind, Opened
from tests.fakes.clock import FakeClock
from tests.fakes.decoder import FakeDecoder, Step, UnstartableDecoder
from tests.unit.ingest.packets import FORMAT

MAIN = Camera(id="lobby-1", url=SecretStr("rtsp://viewer:geheim@10.0.0.5/1"))
SUB = MAIN.model_copy(update={"view_url": SecretStr("rtsp://viewer:geheim@10.0.0.5/2")})


class Watched:
    """A view under way."""

    def __init__(self, camera: Camera, *scripts: list[Step]) -> None:
        self.clock = FakeClock()
        self.scripts = list(scripts)
        self.kind: type[FakeDecoder] = FakeDecoder
        self.processes: list[FakeDecoder] = []
        self.requests: list[Request] = []
        self.view = LiveView(camera, self.clock, make_process=self._make)

    def _make(self, request: Request) -> FakeDecoder:
        self.requests.append(request)
        script = self.scripts[len(self.processes)] if self.scripts else []
        process = self.kind(iter(script), lambda: self.clock.advance(0.25))
        self.processes.append(process)
        return process

    def send(self, process: FakeDecoder, *, keyframe: bool = True, dropped: int = 0) -> None:
        assert process.sink is not None
        now = time.monotonic_ns()
        process.sink(FORMAT, WirePacket(0, None, now, keyframe, dropped, b"picture"))


@asynccontextmanager
async def running(watched: Watched) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watched.view.run(stop))
        try:
            yield stop
        finally:
            stop.set()


async def soon(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not come about")


async def test_a_sub_stream_is_connected_to_only_while_somebody_looks() -> None:
    watched = Watched(SUB)
    async with running(watched):
        await asyncio.sleep(0)
        assert watched.processes == []
        with watched.view.subscribe():
            await soon(lambda: bool(watched.processes) and watched.processes[0].sink is not None)
            (asked,) = watched.requests
            assert asked.address == "rtsp://viewer:geheim@10.0.0.5:554/2"
            assert "geheim" in asked.secrets
            assert not asked.decodes
            assert watched.view.state.viewers == 1
        await soon(lambda: watched.processes[0].stopped)
        assert watched.view.state.viewers == 0
        with watched.view.subscribe():
            await soon(lambda: len(watched.processes) == 2)


async def test_who_comes_back_at_once_finds_the_connection_still_there() -> None:
    watched = Watched(MAIN)
    decoder, over = FakeDecoder(iter(()), lambda: None), asyncio.Event()
    lingered: list[float] = []

    async def sleep(seconds: float, stop: asyncio.Event) -> bool:
        lingered.append(seconds)
        await over.wait()
        return stop.is_set()

    watched.clock.sleep = sleep  # type: ignore[method-assign]
    watched.view.tap.connected(decoder)
    async with running(watched):
        with watched.view.subscribe():
            await soon(lambda: decoder.sink is not None)
        await soon(lambda: lingered == [5.0])
        assert decoder.sink is not None
        with watched.view.subscribe():
            over.set()
            await asyncio.sleep(0.01)
            assert decoder.sink is not None
        await soon(lambda: decoder.sink is None)


async def test_a_new_connection_keeps_the_viewers_and_counts() -> None:
    cut = Failure(FailureKind.ENDED, "the camera closed the stream")
    watched = Watched(SUB)

    def first() -> Failure:
        watched.send(watched.processes[0])
        watched.send(watched.processes[0], keyframe=False, dropped=3)
        return cut

    watched.scripts = [[Opened(), first], [Opened(), lambda: watched.send(watched.processes[1])]]
    async with running(watched):
        with watched.view.subscribe() as viewer:
            got = [await anext(viewer) for _ in range(3)]
            assert [one.connection for one in got] == [0, 0, 1]
            assert [one.sequence for one in got] == [0, 4, 5]
            assert [one.is_keyframe for one in got] == [True, False, True]
            assert watched.view.state.dropped == 3
            assert watched.view.state.reason == ""
            age = watched.clock.monotonic() - got[2].received_at
            assert (watched.clock.now() - got[2].captured_at).total_seconds() == pytest.approx(
                age, abs=1e-4
            )
    assert all(one.stopped and one.sink is None for one in watched.processes)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ([Failure(FailureKind.UNAUTHORIZED, "no")], "unauthorized: no"),
        ([], "unreachable: no answer in 10 s"),
        ([Opened()], "stalled: no frame in 10 s"),
    ],
)
async def test_why_nothing_comes_is_said(script: list[Step], reason: str) -> None:
    watched = Watched(SUB, script, *([] for _ in range(50)))
    reasons = set()
    async with running(watched):
        with watched.view.subscribe():
            for _ in range(300):
                reasons.add(watched.view.state.reason)
                await asyncio.sleep(0)
                if len(watched.processes) > 1:
                    break
    assert reasons - {""} == {reason}
    assert watched.view.state.reason == ""


async def test_a_process_that_cannot_start_is_a_reason_like_any_other() -> None:
    watched = Watched(SUB, *([] for _ in range(500)))
    watched.kind = UnstartableDecoder
    async with running(watched):
        with watched.view.subscribe():
            await soon(lambda: "Too many open files" in watched.view.state.reason)


async def test_the_main_stream_is_tapped_over_any_number_of_decoders() -> None:
    watched = Watched(MAIN)
    one, two = (FakeDecoder(iter(()), lambda: None) for _ in range(2))
    tap = watched.view.tap
    async with running(watched):
        tap.connected(one)
        assert one.sink is None
        with watched.view.subscribe() as viewer:
            await soon(lambda: one.sink is not None)
            watched.send(one)
            assert (await anext(viewer)).connection == 0
            tap.disconnected()
            assert one.sink is None
            assert watched.view.state.reason == "the camera is not connected"
            tap.connected(two)
            watched.send(two)
            assert (await anext(viewer)).connection == 1
        await soon(lambda: two.sink is None)
        assert watched.processes == []


async def test_the_end_of_the_camera_ends_every_subscription() -> None:
    watched = Watched(MAIN)
    viewers: list[PacketSubscription] = []
    async with running(watched) as stop:
        viewers.append(watched.view.subscribe())
        await asyncio.sleep(0)
        stop.set()
        assert [one async for one in viewers[0]] == []
    assert watched.view.state.viewers == 0
