"""What the decoder makes of the kinds of video cameras send, and what it leaves out on request."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace

from streamer.ingest.condition import Condition, Decoding
from streamer.ingest.decoder_command import Hold, Pace, Request
from streamer.ingest.decoder_process import DecoderProcess, Picture
from streamer.ingest.protocol import Counters, Failure, FailureKind
from streamer.simulator.server import CameraSimulator
from tests.data import need
from tests.integration.ingest.watching import (
    COLOURS,
    assert_colours,
    decoding,
    request,
    write_colours,
)
from tests.video import make_video


def write(
    path: Path,
    codec: str,
    pixel_format: str,
    *,
    size: tuple[int, int] = (320, 240),
    full: bool = False,
    options: dict[str, str] | None = None,
) -> None:
    """A second of the four colours (`watching.COLOURS`), in any codec and format."""
    width, height = size
    picture = np.empty((height, width, 3), np.uint8)
    for index, colour in enumerate(COLOURS):
        top, left = divmod(index, 2)
        rows = slice(top * height // 2, (top + 1) * height // 2)
        picture[rows, left * width // 2 : (left + 1) * width // 2] = colour
    wanted = ColorRange.JPEG if full else ColorRange.MPEG
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10, options=options or {})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.codec_context.color_range = wanted
        for index in range(10):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(
                format=pixel_format, dst_colorspace=Colorspace.ITU601, dst_color_range=wanted
            )
            frame.color_range = wanted
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


async def play(asked: Request) -> tuple[Failure, Counters, list[Picture], list[Condition]]:
    """Everything a decoder says about a file; pictures are not released but for the last."""
    counters, pictures, conditions = Counters(), list[Picture](), list[Condition]()
    async with decoding(asked) as decoder, asyncio.timeout(30):
        while True:
            match await decoder.receive(1.0, asyncio.Event()):
                case Failure() as failure:
                    return failure, counters, pictures, conditions
                case Picture() as picture:
                    counters = picture.counters
                    pictures.append(picture)
                case Counters() as counters:
                    pass
                case Condition() as condition:
                    conditions.append(condition)


QUIET_265 = {"preset": "ultrafast", "x265-params": "log-level=none"}


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format", "full", "said", "bits"),
    [
        ("a.mkv", "libx264", "yuv420p", False, "h264", 8),
        ("a.mkv", "libx264", "yuvj420p", True, "h264", 8),
        ("a.mkv", "libx264", "yuv420p10le", False, "h264", 10),
        ("a.mkv", "libx265", "yuv420p", False, "hevc", 8),
        ("a.mkv", "libx265", "yuv420p10le", False, "hevc", 10),
        ("a.mkv", "libx265", "yuv420p10le", True, "hevc", 10),
        ("a.mkv", "mjpeg", "yuvj420p", True, "mjpeg", 8),
        ("a.mkv", "mjpeg", "yuvj422p", True, "mjpeg", 8),
    ],
)
async def test_colours_of_every_kind_of_video_come_back(
    tmp_path: Path, name: str, codec: str, pixel_format: str, full: bool, said: str, bits: int
) -> None:
    path = tmp_path / name
    options = {"libx265": QUIET_265, "mjpeg": {"qmin": "1", "qmax": "2"}}.get(codec, {})
    write(path, codec, pixel_format, full=full, options=options)
    failure, counters, pictures, conditions = await play(request(path))
    assert failure.kind is FailureKind.ENDED
    assert counters.sound == 10
    assert_colours(pictures[0])
    assert conditions == [Condition(Decoding.SOFTWARE, said, 320, 240, bits)]


async def test_a_picture_of_odd_size_comes_back(tmp_path: Path) -> None:
    write(tmp_path / "a.mkv", "mjpeg", "yuvj444p", size=(321, 241), full=True)
    failure, counters, pictures, _ = await play(request(tmp_path / "a.mkv"))
    assert failure.kind is FailureKind.ENDED
    assert counters.sound == 10
    assert pictures[0].image.shape == (241, 321, 3)
    assert np.abs(pictures[0].image[60, 80].astype(int) - COLOURS[0]).max() <= 8


async def test_every_container_is_decoded_or_fails_for_a_reason() -> None:
    seen: set[tuple[str, int]] = set()
    for path in sorted(need("torture/containers").iterdir()):
        failure, counters, _, conditions = await play(request(path, motion_gate=True))
        assert failure.text, path.name
        assert failure.kind not in (FailureKind.DIED, FailureKind.GARBLED), (path.name, failure)
        assert bool(conditions) is (counters.sound > 0), path.name
        seen |= {(one.codec, one.bit_depth) for one in conditions}
    assert {("h264", 8), ("hevc", 10), ("av1", 8), ("vp9", 8)} <= seen, seen


class Watched:
    """A decoder on a camera that shows a still picture for ever, and what it said."""

    def __init__(self, decoder: DecoderProcess) -> None:
        self.decoder = decoder
        self.pictures: list[float] = []
        self.conditions: list[Condition] = []
        self.counters = Counters()

    def only_keyframes(self) -> bool:
        return self.conditions[-1].keyframes_only

    async def listen(self, seconds: float) -> int:
        """For so long; how many pictures came."""
        before, ends = len(self.pictures), time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            match await self.decoder.receive(left, asyncio.Event()):
                case Picture() as picture:
                    self.pictures.append(time.monotonic())
                    self.counters = picture.counters
                    picture.release()
                case Counters() as counters:
                    self.counters = counters
                case Condition() as condition:
                    self.conditions.append(condition)
                case Failure() as failure:
                    raise AssertionError(str(failure))
        return len(self.pictures) - before


@asynccontextmanager
async def watched(path: Path, **changes: object) -> AsyncIterator[Watched]:
    async with (
        CameraSimulator([path], port=0, loop=True) as camera,
        decoding(request(camera.url, analyse_fps=5.0, **changes)) as decoder,
    ):
        yield Watched(decoder)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "still.mp4"
    write_colours(path, seconds=12)
    return path


async def test_a_still_scene_is_left_out_until_a_face_is_followed(still: Path) -> None:
    async with watched(still, motion_gate=True) as camera:
        assert 1 <= await camera.listen(3.5) <= 3
        assert camera.counters.still >= 8
        assert camera.counters.dropped == 0
        camera.decoder.tell(Hold(2.0))
        assert await camera.listen(2.0) >= 7


async def test_the_service_sets_the_pace_and_asks_for_keyframes(still: Path) -> None:
    async with watched(still) as camera:
        await camera.listen(2.0)
        camera.decoder.tell(Pace(1.0, keyframes_only=True))
        await camera.listen(1.5)
        begun = camera.counters.decoded
        assert await camera.listen(2.0) <= 3
        # Two keyframes a second of 25 frames.
        assert camera.counters.decoded - begun <= 8
        assert camera.only_keyframes()
        camera.decoder.tell(Pace(5.0, keyframes_only=False))
        await camera.listen(1.5)
        assert await camera.listen(1.0) >= 4
        assert not camera.only_keyframes()
        assert camera.counters.corrupt == camera.counters.errors == 0


async def test_with_nobody_moving_only_keyframes_are_decoded_until_a_face_is_followed(
    still: Path,
) -> None:
    async with watched(still, motion_gate=True, idle_after_s=2.0) as camera:
        await camera.listen(5.0)
        assert camera.only_keyframes()
        begun = camera.counters.decoded
        await camera.listen(1.5)
        assert 1 <= camera.counters.decoded - begun <= 8
        camera.decoder.tell(Hold(3.0))
        await camera.listen(1.0)
        assert await camera.listen(1.2) >= 4
        assert not camera.only_keyframes()
        assert camera.counters.corrupt == camera.counters.errors == 0


async def test_a_stream_with_b_frames_keeps_all_its_frames_whatever_is_asked(
    tmp_path: Path,
) -> None:
    make_video(tmp_path / "b.mp4", b_frames=2, seconds=6)
    async with watched(tmp_path / "b.mp4") as camera:
        camera.decoder.tell(Pace(5.0, keyframes_only=True))
        await camera.listen(3.0)
        assert camera.counters.decoded > 50
        assert not camera.only_keyframes()


async def test_where_the_camera_stretches_its_keyframes_what_was_left_out_is_made_up_for(
    tmp_path: Path,
) -> None:
    write_stretched(tmp_path / "stretched.mp4")
    async with watched(tmp_path / "stretched.mp4", motion_gate=True, idle_after_s=1.0) as camera:
        await camera.listen(3.5)
        assert camera.only_keyframes()
        async with asyncio.timeout(6):
            while camera.only_keyframes():
                await camera.listen(0.5)
        begun = camera.counters.decoded
        await camera.listen(1.5)
        assert camera.counters.decoded - begun >= 25
        assert camera.counters.corrupt == camera.counters.errors == 0


def write_stretched(path: Path) -> None:
    """A still picture: a keyframe every 0.4 s for four seconds, and then none for eight."""
    picture = np.full((240, 320, 3), 90, np.uint8)
    picture[60:180, 80:240] = 200
    with av.open(str(path), "w") as container:
        options = {"preset": "veryfast", "bf": "0", "sc_threshold": "0", "forced-idr": "1"}
        stream = container.add_stream("libx264", rate=25, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.gop_size = 1000
        for index in range(300):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            frame.pict_type = PictureType.I if index % 10 == 0 and index <= 100 else PictureType.P
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
