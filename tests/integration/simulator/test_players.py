"""The simulated camera, played by what people play cameras with."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import av
import pytest
from av import VideoFrame

from streamer.simulator.credentials import Credentials
from streamer.simulator.server import CameraSimulator
from tests.data import need
from tests.video import VideoCodec, count_frames, make_video

Transport = Literal["tcp", "udp"]
USER = Credentials("viewer", "s:e/c@t é")
SPEED = 4.0


@dataclass(frozen=True)
class Shown:
    """Times in seconds (the first frame's is often unknown to FFmpeg) and widths of all frames."""

    times: list[float | None]
    widths: list[int]


def with_user(url: str, user: Credentials = USER) -> str:
    return url.replace("://", f"://{quote(user.username)}:{quote(user.password, safe='')}@")


def watch(url: str, transport: Transport, frames: int = 1_000_000) -> Shown:
    shown = Shown([], [])
    options = {"rtsp_transport": transport, "timeout": "5000000"}
    with av.open(url, options=options, timeout=(10, 10)) as container:
        for frame in container.decode(video=0):
            assert isinstance(frame, VideoFrame)
            shown.times.append(frame.time)
            shown.widths.append(frame.width)
            if len(shown.widths) == frames:
                break
    return shown


async def watched(url: str, transport: Transport = "tcp", frames: int = 1_000_000) -> Shown:
    return await asyncio.to_thread(watch, url, transport, frames)


def steps(shown: Shown) -> list[float]:
    times = [time for time in shown.times[1:] if time is not None]
    assert len(times) == len(shown.times) - 1
    return [b - a for a, b in pairwise(times)]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for codec, name in (("libx264", "h264"), ("libx265", "h265")):
        for b_frames in (0, 2):
            make_video(folder / f"{name}-{b_frames}.mkv", _codec(codec), b_frames=b_frames)
    make_video(folder / "large.mp4", size=(320, 240), gop=5)
    return folder


def _codec(name: str) -> VideoCodec:
    return "libx264" if name == "libx264" else "libx265"


@pytest.fixture
async def camera(clips: Path) -> AsyncIterator[CameraSimulator]:
    files = [clips / f"{name}.mkv" for name in ("h264-0", "h264-2", "h265-0", "h265-2")]
    async with CameraSimulator(files, port=0, credentials=USER, speed=SPEED) as running:
        yield running


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_every_frame_arrives_in_time_order(
    camera: CameraSimulator, transport: Transport
) -> None:
    shown = await asyncio.gather(*(watched(with_user(url), transport) for url in camera.urls))
    assert len(shown) == 4
    for one in shown:
        assert len(one.widths) == 25
        assert steps(one) == pytest.approx([0.04] * 23, abs=1e-3)


async def test_a_wrong_password_is_refused(camera: CameraSimulator) -> None:
    for url in (camera.url, with_user(camera.url, Credentials("viewer", "wrong"))):
        with pytest.raises(av.HTTPUnauthorizedError):
            await watched(url)
    with pytest.raises(av.HTTPNotFoundError):
        await watched(with_user(camera.url) + "-absent")


async def test_everyone_starts_at_the_beginning(clips: Path) -> None:
    async with CameraSimulator([clips / "h264-2.mkv"], port=0, speed=SPEED) as camera:
        first = asyncio.create_task(watched(camera.url))
        await asyncio.sleep(0.15)
        second = asyncio.create_task(watched(camera.url, "udp"))
        assert len((await first).widths) == len((await second).widths) == 25
        assert len((await watched(camera.url)).widths) == 25


async def test_several_files_are_one_stream(clips: Path) -> None:
    files = [clips / "h264-2.mkv", clips / "large.mp4"]
    async with CameraSimulator(files, port=0, speed=SPEED) as camera:
        shown = await watched(camera.url)
        assert shown.widths == [160] * 25 + [320] * 25
        assert steps(shown) == pytest.approx([0.04] * 48, abs=1e-3)
        assert len((await watched(camera.urls[2])).widths) == 25


@pytest.mark.parametrize("name", ["h264-2.mkv", "h265-2.mkv"])
async def test_a_loop_goes_on_in_time(clips: Path, name: str) -> None:
    async with CameraSimulator([clips / name], port=0, loop=True, speed=10.0) as camera:
        shown = await watched(camera.url, frames=80)
        assert steps(shown) == pytest.approx([0.04] * 78, abs=1e-3)


async def test_it_plays_in_real_time(clips: Path) -> None:
    loop = asyncio.get_running_loop()
    async with CameraSimulator([clips / "h264-0.mkv"], port=0) as camera:
        began = loop.time()
        await watched(camera.url)
        assert loop.time() - began >= 0.96  # 25 frames at 25 a second, the last one sent at 0.96


@pytest.mark.parametrize("name", ["bird.mkv", "no.mkv"])
async def test_recordings_with_b_frames_keep_their_times(name: str) -> None:
    path = need("clips/people") / name
    with av.open(str(path)) as container:
        recorded = [frame.time for frame in container.decode(video=0)]
    async with CameraSimulator([path], port=0, speed=SPEED) as camera:
        shown = await watched(camera.url)
    assert len(shown.times) == len(recorded) == count_frames(path)
    there = [time for time in recorded[1:] if time is not None]
    assert steps(shown) == pytest.approx([b - a for a, b in pairwise(there)], abs=1e-3)


async def run(*command: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(30):
        output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(errors="replace")


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_ffmpeg_plays_it(camera: CameraSimulator, transport: str) -> None:
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed")
    for url in camera.urls:
        command = ["ffprobe", "-v", "error", "-rtsp_transport", transport, "-count_frames"]
        command += ["-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", with_user(url)]
        assert await run(*command) == (0, "25\n")


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("name", ["h264", "h265"])
async def test_gstreamer_plays_it(camera: CameraSimulator, name: str, protocol: str) -> None:
    if shutil.which("gst-launch-1.0") is None:
        pytest.skip("gst-launch-1.0 is not installed")
    for element in ("rtspsrc", f"rtp{name}depay", f"{name}parse", f"avdec_{name}"):
        if (await run("gst-inspect-1.0", "--exists", element))[0] != 0:
            pytest.skip(f"GStreamer has no {element} here")
    (url,) = [url for url in camera.urls if url.endswith(f"{name}-2")]
    source = ["rtspsrc", f"location={url}", f"user-id={USER.username}", f"user-pw={USER.password}"]
    source += [f"protocols={protocol}", "latency=100"]
    elements = f"rtp{name}depay ! {name}parse ! avdec_{name} ! fakesink sync=false silent=false"
    _, output = await run("gst-launch-1.0", "-v", *source, "!", *elements.split())
    # At its end the camera hangs up; whether the player's goodbye still gets through is chance.
    assert "Got EOS" in output, output[-2000:]
    assert output.count("last-message = chain") == 25
