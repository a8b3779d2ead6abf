"""A supervisor whose decoders follow scripts: what the tests of it share."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace

from pydantic import SecretStr

from config.settings import Camera
from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.ingest.condition import Condition, Decoding
from streamer.ingest.decoder_command import Request
from streamer.ingest.decoder_process import Received
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.ingest.protocol import Failure, FailureKind
from streamer.ingest.supervisor import CameraSupervisor
from tests.fakes.clock import FakeClock
from tests.fakes.decoder import FakeDecoder, Step

CAMERA = Camera(id="lobby-1", url=SecretStr("rtsp://viewer:geheim@10.0.0.5/1"), analyse_fps=5)
CUDA = CAMERA.model_copy(update={"hwaccel": "cuda"})
STARTING, STREAMING = CameraStatus.STARTING, CameraStatus.STREAMING
STALLED, DOWN, DEGRADED = CameraStatus.STALLED, CameraStatus.DOWN, CameraStatus.DEGRADED
CONDITION = Condition(Decoding.SOFTWARE, "h264", 640, 360, 8)
DIED = Failure(FailureKind.DIED, "the decoder process died (SIGKILL)")


class RecordingClock(FakeClock):
    """Remembers the waits, and sets `stop` after so many."""

    def __init__(self, stop: asyncio.Event, waits: int) -> None:
        super().__init__()
        self.slept: list[float] = []
        self._stop = stop
        self._waits = waits

    async def sleep(self, seconds: float, stop: asyncio.Event) -> bool:
        self.slept.append(seconds)
        if len(self.slept) >= self._waits:
            self._stop.set()
        return await super().sleep(seconds, stop)


class Scene:
    """A supervisor whose decoders follow scripts; silence lasts half a second of fake time."""

    def __init__(
        self,
        *scripts: list[Step],
        kind: type[FakeDecoder] = FakeDecoder,
        camera: Camera = CAMERA,
    ) -> None:
        self.stop = asyncio.Event()
        self.clock = RecordingClock(self.stop, len(scripts))
        self.mailbox = LatestFrameMailbox()
        self.states: list[CameraState] = []
        self.decoders: list[FakeDecoder] = []
        self.requests: list[Request] = []
        self.scripts = list(scripts)
        self._kind = kind
        self.supervisor = CameraSupervisor(
            camera,
            self.clock,
            self.mailbox,
            self.states.append,
            make_decoder=self._make,
            chance=random.Random(1),
            find_hardware=_all_there,
        )

    def _make(self, request: Request) -> FakeDecoder:
        self.requests.append(request)
        script = iter(self.scripts[len(self.decoders)])
        decoder = self._kind(script, lambda: self.clock.advance(0.5))
        self.decoders.append(decoder)
        return decoder

    async def play(self) -> list[tuple[CameraStatus, str]]:
        await asyncio.wait_for(self.supervisor.run(self.stop), 5)
        return [(state.status, state.reason) for state in self.states]


DARK = replace(CONDITION, dark=True)


def at(clock: FakeClock, seconds: float, what: Received) -> Callable[[], Received]:
    def step() -> Received:
        clock.advance(seconds)
        return what

    return step


async def _all_there(wanted: str, stop: asyncio.Event) -> str:
    """A machine with whatever hardware is wanted."""
    return wanted
