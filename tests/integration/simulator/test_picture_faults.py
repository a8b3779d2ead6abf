"""The simulated camera's faults of picture and codec, as FFmpeg and GStreamer see them."""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from streamer.simulator.faults.fault import Fault
from streamer.simulator.faults.picture import H265, Blurred, Covered, Dark, Mjpeg, Moved, Resize
from streamer.simulator.server import CameraSimulator
from tests.integration.simulator.watching import Seen, Transport, until, watch, watched
from tests.video import make_video

FPS = 25
SPEED = 4.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    make_video(path, seconds=2.0, gop=FPS)
    return path


@pytest.fixture
async def camera(clip: Path) -> AsyncIterator[CameraSimulator]:
    async with CameraSimulator([clip], port=0, loop=True, speed=SPEED) as running:
        yield running


async def whole(url: str, transport: Transport) -> Seen:
    """Watch the clip; up to three times over UDP, of which a busy machine loses a datagram."""
    seen = await watched(url, transport)
    for _ in range(2 if transport == "udp" else 0):
        if len(seen.widths) != 2 * FPS:
            seen = await watched(url, transport)
    return seen


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(("fault", "codec"), [(H265(), "hevc"), (Mjpeg(), "mjpeg")])
async def test_another_codec_shows_the_same(
    clip: Path, transport: Transport, fault: Fault, codec: str
) -> None:
    async with CameraSimulator([clip], port=0, speed=SPEED) as camera:
        plain = await whole(camera.url, transport)
        await camera.set_faults([fault])
        seen = await whole(camera.url, transport)
    assert (plain.codec, seen.codec) == ("h264", codec)
    assert seen.widths == plain.widths == [160] * 2 * FPS
    assert seen.lights == pytest.approx(plain.lights, abs=3)


@pytest.mark.parametrize(("fault", "name"), [(H265(), "h265"), (Mjpeg(), "jpeg")])
async def test_gstreamer_plays_another_codec(clip: Path, fault: Fault, name: str) -> None:
    decoder = {"h265": "h265parse ! avdec_h265", "jpeg": "jpegdec"}[name]
    for element in ("rtspsrc", f"rtp{name}depay", decoder.split()[-1]):
        if shutil.which("gst-inspect-1.0") is None or await _run(
            "gst-inspect-1.0", "--exists", element
        ) != (0, b""):
            pytest.skip(f"GStreamer has no {element} here")
    async with CameraSimulator([clip], port=0, speed=SPEED, faults=[fault]) as camera:
        command = f"gst-launch-1.0 -v rtspsrc location={camera.url} protocols=tcp latency=100 ! "
        command += f"rtp{name}depay ! {decoder} ! fakesink sync=false silent=false"
        code, output = await _run(*command.split())
    assert code == 0, output[-2000:]
    assert output.count(b"last-message = chain") == 2 * FPS


async def _run(*command: str) -> tuple[int | None, bytes]:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(30):
        output, _ = await process.communicate()
    return process.returncode, output


@pytest.mark.parametrize("codec", [(), (H265(),), (Mjpeg(),)], ids=["h264", "h265", "mjpeg"])
async def test_the_size_changes_on_the_way(
    camera: CameraSimulator, codec: tuple[Fault, ...]
) -> None:
    await camera.set_faults([*codec, Resize(1.0)])
    seen = await watched(camera.url, frames=100)
    assert seen.widths == ([160] * FPS + [80] * FPS) * 2


@pytest.mark.parametrize(
    ("fault", "shows"),
    [
        (Dark(), lambda before, now: now.lights[-1] < 10),
        (Covered(), lambda before, now: now.contrasts[-1] < 8),
        (Blurred(20), lambda before, now: now.contrasts[-1] < 0.8 * before.contrasts[-1]),
        (Moved(), lambda before, now: abs(now.lights[-1] - before.lights[-1]) < 20),
    ],
    ids=["dark", "covered", "blurred", "moved"],
)
async def test_a_picture_goes_bad_and_recovers_in_one_connection(
    camera: CameraSimulator, fault: Fault, shows: Callable[[Seen, Seen], bool]
) -> None:
    await _goes_bad_and_recovers(camera, fault, shows)


async def test_b_frames_do_not_get_out_of_order_when_a_picture_goes_bad(tmp_path: Path) -> None:
    make_video(tmp_path / "clip.mp4", seconds=2.0, gop=FPS, b_frames=2)
    files = [tmp_path / "clip.mp4"]
    async with CameraSimulator(files, port=0, loop=True, speed=SPEED) as camera:
        await _goes_bad_and_recovers(camera, Dark(), lambda before, now: now.lights[-1] < 10)


async def _goes_bad_and_recovers(
    camera: CameraSimulator, fault: Fault, shows: Callable[[Seen, Seen], bool]
) -> None:
    before = await watched(camera.url, frames=3 * FPS)
    seen, stop = Seen(), threading.Event()
    watching = asyncio.create_task(asyncio.to_thread(watch, camera.url, stop=stop, seen=seen))
    try:
        await until(lambda: len(seen.widths) > 5, "it plays")
        await camera.set_faults([fault])
        await until(lambda: camera.counts.get(fault.name, 0) > FPS, "it is spoilt")
        await until(lambda: shows(before, seen), "the spoilt picture shows")
        await camera.set_faults()
        spoilt = len(seen.widths)
        await until(lambda: len(seen.widths) > spoilt + 4 * FPS, "it goes on")
    finally:
        stop.set()
        await watching
    assert seen.error is None
    assert camera.counts["connections"] == 2
    assert min(before.lights) - 3 < seen.lights[-1] < max(before.lights) + 3
    assert seen.contrasts[-1] > min(before.contrasts) - 3
    times = [at for at in seen.times[1:] if at is not None]
    assert times == sorted(set(times))
