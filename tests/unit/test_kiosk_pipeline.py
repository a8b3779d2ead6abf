"""What a kiosk camera does with what is held before it."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from inspect import signature

import numpy as np
import pytest

from config.settings import Camera
from matcher.face import Image
from streamer.checkin.codes.claim import Answer, Claim, Redeemed
from streamer.domain.claim import Device
from streamer.domain.frame import Frame
from streamer.errors import DatabaseError
from streamer.ingest.camera_request import decoding_request
from streamer.kiosk_pipeline import KioskPipeline
from tests.fakes.clock import FakeClock

DEVICE = Device("kiosk-1", "main", camera=True)


class Counter:
    """Takes everything, unless it is away."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.away = False

    async def redeem(self, claim: Claim, actors: tuple[()]) -> Redeemed:
        assert claim.device == DEVICE
        assert actors == ()
        self.taken.append(claim.text)
        if self.away:
            raise DatabaseError("database: away")
        return Redeemed(Answer.REFUSED)


class Kiosk:
    """A pipeline whose camera sees the texts that a test names."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self.clock, self.counter, self.released = FakeClock(), Counter(), 0
        self.sees: tuple[str, ...] = ()
        self.pipeline = KioskPipeline(DEVICE, self._read, threads, self.counter, self.clock)

    def _read(self, image: Image) -> tuple[str, ...]:
        return self.sees

    async def look(self, *texts: str, seconds: float = 0.2) -> tuple[Redeemed, ...]:
        self.sees = texts
        self.clock.advance(seconds)
        return await self.pipeline.process(self.frame())

    def frame(self) -> Frame:
        def release() -> None:
            self.released += 1

        picture = np.zeros((8, 8, 3), np.uint8)
        clock = self.clock
        return Frame("kiosk-1", 0, clock.now(), clock.monotonic(), None, picture, release)


@pytest.fixture
def kiosk() -> Iterator[Kiosk]:
    with ThreadPoolExecutor(1) as threads:
        yield Kiosk(threads)


async def test_a_code_held_still_is_redeemed_once(kiosk: Kiosk) -> None:
    for _ in range(300):
        await kiosk.look("K1A")
    assert kiosk.counter.taken == ["K1A"]
    assert kiosk.released == 300


async def test_a_flickering_one_too_and_shown_again_later_it_is_tried_again(kiosk: Kiosk) -> None:
    await kiosk.look("K1A")
    for _ in range(20):
        await kiosk.look()
        await kiosk.look("K1A")
    assert len(kiosk.counter.taken) == 1
    await kiosk.look("K1A", seconds=10.5)
    assert len(kiosk.counter.taken) == 2


async def test_each_of_several_is_tried(kiosk: Kiosk) -> None:
    assert len(await kiosk.look("K1A", "K1B")) == 2
    await kiosk.look("K1B", "K1C")
    assert kiosk.counter.taken == ["K1A", "K1B", "K1C"]


async def test_a_wall_of_codes_is_bounded(kiosk: Kiosk) -> None:
    await kiosk.look(*(f"K1{number}" for number in range(50)))
    assert len(kiosk.counter.taken) == 4
    for number in range(300):
        await kiosk.look(f"new {number}", seconds=0.01)
    assert len(kiosk.pipeline._seen) <= 64


async def test_while_the_database_is_away_it_is_tried_every_two_seconds(kiosk: Kiosk) -> None:
    kiosk.counter.away = True
    for _ in range(25):
        await kiosk.look("K1A")
    assert len(kiosk.counter.taken) == 3
    kiosk.counter.away = False
    for _ in range(25):
        await kiosk.look("K1A")
    assert len(kiosk.counter.taken) == 4


async def test_it_ends_with_its_frames(kiosk: Kiosk) -> None:
    class Frames:
        def __init__(self) -> None:
            self.left = 2

        async def get(self) -> Frame | None:
            self.left -= 1
            return kiosk.frame() if self.left >= 0 else None

    async with asyncio.timeout(5):
        await kiosk.pipeline.run(Frames())
    assert kiosk.released == 2


def test_nothing_that_could_look_for_a_face_is_handed_to_it() -> None:
    given = set(signature(KioskPipeline.__init__).parameters)
    assert given == {"self", "device", "read", "threads", "redeemer", "clock", "shown"}


@pytest.mark.parametrize(("kind", "gated"), [("lobby", True), ("desk", True), ("kiosk", False)])
def test_a_still_code_is_not_left_out_by_the_motion_gate(kind: str, gated: bool) -> None:
    camera = Camera.model_validate({"id": "one", "kind": kind, "url": "rtsp://127.0.0.1/x"})
    request = decoding_request(camera, analyse_fps=5.0, hwaccel="none", reference=b"")
    assert request.motion_gate is gated
