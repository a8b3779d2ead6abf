"""Helpers for tests that run real decoder processes."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream
from pydantic import SecretStr

from config.settings import Camera
from streamer.clock import SystemClock
from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.domain.frame import Frame
from streamer.ingest.decoder_command import Request
from streamer.ingest.decoder_process import DecoderProcess, Picture
from streamer.ingest.live_view import LiveView
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.ingest.protocol import Counters, Failure
from streamer.ingest.supervisor import CameraSupervisor

COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))


def write_colours(path: Path, size: tuple[int, int] = (320, 240), seconds: float = 2) -> None:
    """A still H.264 video with a quarter each of red, green, blue and white; 25 frames a second."""
    width, height = size
    picture = np.empty((height, width, 3), np.uint8)
    for index, colour in enumerate(COLOURS):
        top, left = divmod(index, 2)
        rows = slice(top * height // 2, (top + 1) * height // 2)
        picture[rows, left * width // 2 : (left + 1) * width // 2] = colour
    matrix = Colorspace.ITU709 if height >= 720 else Colorspace.ITU601
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.gop_size, stream.max_b_frames = 12, 0
        for index in range(round(25 * seconds)):
            rgb = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame = rgb.reformat(format="yuv420p", dst_colorspace=matrix)
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def assert_colours(frame: Frame | Picture, size: tuple[int, int] = (320, 240)) -> None:
    width, height = size
    assert frame.image.shape == (height, width, 3)
    assert frame.image.dtype == np.uint8
    assert not frame.image.flags.writeable
    for index, colour in enumerate(COLOURS):
        top, left = divmod(index, 2)
        pixel = frame.image[height // 4 + top * height // 2, width // 4 + left * width // 2]
        assert np.abs(pixel.astype(int) - colour).max() <= 6


def request(address: str | Path, **changes: object) -> Request:
    values: dict[str, object] = {
        "address": str(address),
        "secrets": ("geheim!",),
        "transport": "tcp",
        "analyse_fps": 30.0,
        "connect_timeout_s": 5.0,
        "read_timeout_s": 5.0,
        "parent_pid": os.getpid(),
    }
    return Request(**(values | changes))  # type: ignore[arg-type]


@asynccontextmanager
async def decoding(asked: Request) -> AsyncIterator[DecoderProcess]:
    decoder = DecoderProcess(asked)
    decoder.start()
    try:
        yield decoder
    finally:
        await decoder.stop(asyncio.Event())


async def play_to_the_end(
    asked: Request, look: Callable[[Picture], None] = lambda _: None
) -> tuple[Failure, Counters]:
    """Decode until the decoder gives up; every picture is looked at and released."""
    counters = Counters()
    async with decoding(asked) as decoder, asyncio.timeout(30):
        while True:
            match await decoder.receive(1.0, asyncio.Event()):
                case Failure() as failure:
                    return failure, counters
                case Picture() as picture:
                    counters = picture.counters
                    look(picture)
                    picture.release()
                case Counters() as counters:
                    pass


async def until(condition: Callable[[], bool], timeout_s: float = 5) -> None:
    """Wait for what nobody announces; TimeoutError when it does not come about."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - other processes set no asyncio events
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether a process exists, a zombie included."""
    return Path(f"/proc/{pid}").exists()


class Watch:
    """A supervised camera whose frames are counted and released."""

    def __init__(self, camera: Camera) -> None:
        self.mailbox = LatestFrameMailbox()
        self.states: list[CameraState] = []
        self.frames: list[Frame] = []
        self.stop = asyncio.Event()
        self.consuming = asyncio.Event()
        self.consuming.set()
        self.decoders: list[DecoderProcess] = []
        self.view = LiveView(camera, SystemClock(), make_process=self._make)
        self.supervisor = CameraSupervisor(
            camera,
            SystemClock(),
            self.mailbox,
            self.states.append,
            make_decoder=self._make,
            tap=self.view.tap,
        )

    def _make(self, asked: Request) -> DecoderProcess:
        self.decoders.append(DecoderProcess(asked))
        return self.decoders[-1]

    @property
    def decoder_pid(self) -> int:
        pid = self.decoders[-1].pid
        assert pid is not None
        return pid

    @property
    def status(self) -> CameraStatus:
        return self.supervisor.state.status

    async def until_frames(self, more: int, timeout_s: float = 5) -> None:
        wanted = len(self.frames) + more
        await until(lambda: len(self.frames) >= wanted, timeout_s)

    async def consume(self) -> None:
        while (frame := await self.mailbox.get()) is not None:
            self.frames.append(frame)
            frame.release()
            await self.consuming.wait()


@asynccontextmanager
async def watching(camera: Camera) -> AsyncIterator[Watch]:
    watch = Watch(camera)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watch.supervisor.run(watch.stop))
        tasks.create_task(watch.consume())
        tasks.create_task(watch.view.run(watch.stop))
        try:
            yield watch
        finally:
            watch.stop.set()
            watch.consuming.set()


def camera(url: str, **changes: object) -> Camera:
    values: dict[str, object] = {
        "id": "lobby-1",
        "url": SecretStr(url),
        "connect_timeout_s": 2.0,
        "stall_timeout_s": 2.0,
        "motion_gate": False,
    }
    return Camera.model_validate(values | changes)


_OF_OTHERS: set[int] = set()


def children() -> set[int]:
    """The processes this test has started and not yet reaped."""
    return _children() - _OF_OTHERS


def leave_others_out() -> None:
    """Forget the processes there are: servers and browsers that tests before have shared."""
    _OF_OTHERS.clear()
    _OF_OTHERS.update(_children())


def _children() -> set[int]:
    found = set()
    for path in Path("/proc/self/task").glob("*/children"):
        found |= {int(pid) for pid in path.read_text().split()}
    return found


def descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))
