"""`kirdi camera probe` against simulated, mute and absent cameras."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import av
import psutil
import pytest
from av import VideoFrame

from streamer.errors import CameraError, InputError
from streamer.ingest import probe as probe_module
from streamer.ingest.camera_url import CameraUrl
from streamer.ingest.probe import observe, probe
from streamer.ingest.stream_info import StreamInfo
from streamer.simulator.credentials import Credentials
from streamer.simulator.server import CameraSimulator
from tests.fakes.rtsp_server import Behaviour, FakeRtspServer
from tests.video import make_video

SECRET = "hunter2/@"
USER = Credentials("viewer", SECRET)
LOGIN = "rtsp://viewer:hunter2%2F%40@"


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    make_video(folder / "h264.mp4", b_frames=2, seconds=2.0)
    make_video(folder / "h265.mkv", "libx265", size=(320, 240), fps=10, seconds=4.0)
    make_video(folder / "one-gop.mp4", gop=250)
    return folder


@pytest.fixture
async def camera(clips: Path) -> AsyncIterator[CameraSimulator]:
    files = [clips / name for name in ("h264.mp4", "h265.mkv", "one-gop.mp4")]
    async with CameraSimulator(files, port=0, credentials=USER, speed=4.0) as running:
        yield running


def login(camera: CameraSimulator, path: str) -> str:
    return camera.url.replace("rtsp://", LOGIN).rpartition("/")[0] + "/" + path


async def look(
    url: str,
    transport: Literal["tcp", "udp"] = "tcp",
    timeout_s: float = 5.0,
    snapshot: Path | None = None,
) -> StreamInfo:
    return await asyncio.to_thread(probe, url, transport, timeout_s, snapshot)


async def refusal(url: str, timeout_s: float = 5.0) -> str:
    with pytest.raises(CameraError) as raised:
        await look(url, timeout_s=timeout_s)
    text = str(raised.value)
    assert "hunter2" not in text
    assert "\n" not in text
    assert ";" in text
    return text


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_a_stream_is_described(
    camera: CameraSimulator, transport: Literal["tcp", "udp"]
) -> None:
    info = await look(login(camera, "h264"), transport)
    assert (info.codec, info.width, info.height) == ("h264", 160, 120)
    assert (info.pixel_format, info.has_b_frames) == ("yuv420p", True)
    assert info.profile is not None
    assert info.fps == pytest.approx(25.0, abs=0.5)
    assert info.gop_frames == 10
    assert info.gop_s == pytest.approx(0.4, abs=0.02)
    assert 0 < info.first_frame_s < 5
    assert info.bit_rate is not None
    assert info.bit_rate > 0


async def test_h265_and_one_long_gop(camera: CameraSimulator) -> None:
    info = await look(login(camera, "h265"))
    assert (info.codec, info.width, info.has_b_frames) == ("hevc", 320, False)
    assert info.fps == pytest.approx(10.0, abs=0.5)
    info = await look(login(camera, "one-gop"))
    assert (info.gop_frames, info.gop_s) == (None, None)


@pytest.mark.parametrize("name", ["new.jpg", "NEW.JPEG", "new.png"])
async def test_a_snapshot_is_written(camera: CameraSimulator, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("an older file")
    await look(login(camera, "h264"), snapshot=path)
    with av.open(str(path)) as container:
        (frame,) = container.decode(video=0)
    assert isinstance(frame, VideoFrame)
    assert (frame.width, frame.height) == (160, 120)
    picture = frame.to_ndarray(format="rgb24")
    assert picture.std() > 20  # the pattern, and no grey square
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == [name]


async def test_a_picture_without_a_decoder_of_ours(camera: CameraSimulator) -> None:
    address = CameraUrl.parse(login(camera, "h265"))
    seen = await asyncio.to_thread(observe, address, "tcp", 10.0, picture_format="rgb")
    assert seen.picture is not None
    assert seen.picture.shape == (240, 320, 3)
    assert (seen.info.codec, seen.encoded) == ("hevc", b"")
    # It shows what a snapshot shows.
    assert seen.picture.std() > 10


async def test_a_snapshot_that_cannot_be_is_refused_first(tmp_path: Path) -> None:
    for path, words in (
        (tmp_path / "a.gif", "name it"),
        (tmp_path / "absent" / "a.jpg", "no such folder"),
    ):
        with pytest.raises(InputError, match=words):
            await look("rtsp://127.0.0.1:1/", snapshot=path)


async def test_a_failed_probe_leaves_an_older_snapshot_alone(
    camera: CameraSimulator, tmp_path: Path
) -> None:
    path = tmp_path / "a.jpg"
    path.write_text("an older file")
    with pytest.raises(CameraError):
        await look(login(camera, "absent"), snapshot=path)
    assert path.read_text() == "an older file"
    assert os.listdir(tmp_path) == ["a.jpg"]


async def test_refusals_name_the_camera_and_the_remedy(camera: CameraSimulator) -> None:
    place = camera.url.split("/")[2]
    wrong = await refusal(f"rtsp://viewer:hunter2@{place}/h264")
    assert wrong.startswith(f"rtsp://{place}/h264: ")
    assert "password" in wrong
    assert "path" in await refusal(login(camera, "absent"))
    assert "address and port" in await refusal(f"{LOGIN}127.0.0.1:1/a", timeout_s=2.0)
    assert "address and port" in await refusal(f"{LOGIN}absent.invalid/a", timeout_s=2.0)


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("hang_up", "check"),
        ("garbage", "video"),
        ("audio", "no video stream"),
        ("codec", "H.264 or H.265"),
        ("cut", "other sessions"),
        ("403", "user name and password"),
        ("404", "path"),
    ],
)
async def test_what_is_no_usable_camera_is_refused(behaviour: Behaviour, words: str) -> None:
    async with FakeRtspServer(behaviour) as server:
        assert words in await refusal(f"{LOGIN}127.0.0.1:{server.port}/a")


async def test_another_scheme_is_refused() -> None:
    with pytest.raises(InputError, match="rtsp://"):
        await look("http://viewer:hunter2@127.0.0.1/")


@pytest.mark.parametrize("behaviour", ["mute", "stall"])
async def test_a_silent_camera_is_given_up_on(behaviour: Behaviour) -> None:
    loop = asyncio.get_running_loop()
    async with FakeRtspServer(behaviour) as server:
        began = loop.time()
        await refusal(f"{LOGIN}127.0.0.1:{server.port}/a", timeout_s=1.0)
        assert loop.time() - began < 8


async def test_a_probe_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_module, "_GRACE_S", 0.5 - 1.0 - probe_module.OBSERVE_S)
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    async with FakeRtspServer("mute") as server:
        text = await refusal(f"{LOGIN}127.0.0.1:{server.port}/a", timeout_s=1.0)
    assert "no picture within 1 s" in text
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


async def test_the_password_stands_in_no_process_table(clips: Path) -> None:
    seen: list[str] = []
    async with CameraSimulator([clips / "one-gop.mp4"], port=0, credentials=USER) as camera:
        probing = asyncio.create_task(look(login(camera, "one-gop")))
        while not probing.done():
            for child in psutil.Process().children(recursive=True):
                try:
                    seen.append(f"{child.cmdline()} {child.environ()}")
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            await asyncio.sleep(0.02)
        await probing
    ours = [text for text in seen if "probe_child" in text]
    assert ours
    assert not [text for text in ours if "hunter2" in text]
