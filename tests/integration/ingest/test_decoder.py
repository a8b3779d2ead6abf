"""The decoder process against files and cameras, good and bad."""

import asyncio
import os
import random
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from streamer.ingest.decoder_command import pack_command
from streamer.ingest.decoder_process import DecoderProcess, Picture
from streamer.ingest.protocol import (
    MAX_DATAGRAM_BYTES,
    Counters,
    Failure,
    FailureKind,
    Opened,
    parse_report,
)
from streamer.simulator.credentials import Credentials
from streamer.simulator.server import CameraSimulator
from tests.data import ROOT
from tests.fakes.rtsp_server import Behaviour, FakeRtspServer, closed_port
from tests.integration.ingest.watching import (
    alive,
    assert_colours,
    decoding,
    play_to_the_end,
    request,
    until,
    write_colours,
)
from tests.video import make_video


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "colours.mp4"
    write_colours(path)
    return path


async def first_picture(decoder: DecoderProcess) -> Picture:
    async with asyncio.timeout(10):
        while not isinstance(message := await decoder.receive(1, asyncio.Event()), Picture):
            assert not isinstance(message, Failure), message
    return message


@pytest.mark.parametrize("size", [(320, 240), (322, 242), (1280, 720)])
async def test_every_frame_is_counted_and_pictures_are_what_they_were(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    write_colours(tmp_path / "a.mp4", size)
    failure, counters = await play_to_the_end(
        request(tmp_path / "a.mp4"), lambda picture: assert_colours(picture, size)
    )
    assert failure.kind is FailureKind.ENDED
    assert counters == Counters(decoded=50, packets=50)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_over_rtsp_it_opens_first_and_shows_the_first_frame(
    colours: Path, transport: str
) -> None:
    async with CameraSimulator([colours], port=0, loop=True) as camera:
        asked = request(camera.url, transport=transport, analyse_fps=25.0)
        async with decoding(asked) as decoder:
            assert await decoder.receive(10, asyncio.Event()) == Opened()
            picture = await first_picture(decoder)
            assert picture.counters.decoded == 1
            assert 0 <= picture.age_s < 5
            assert_colours(picture)


async def test_pictures_come_at_the_pace_asked_for(colours: Path) -> None:
    async with (
        CameraSimulator([colours], port=0, loop=True) as camera,
        decoding(request(camera.url, analyse_fps=5.0)) as decoder,
    ):
        arrivals: list[float] = []
        while len(arrivals) < 8:
            picture = await first_picture(decoder)
            arrivals.append(asyncio.get_running_loop().time() - picture.age_s)
            counters = picture.counters
            picture.release()
    assert 1.2 <= arrivals[-1] - arrivals[0] <= 1.9
    assert counters.decoded >= 30
    assert counters.dropped == 0


async def test_heartbeats_come_without_pictures(colours: Path) -> None:
    async with (
        CameraSimulator([colours], port=0, loop=True) as camera,
        decoding(request(camera.url, analyse_fps=0.1)) as decoder,
    ):
        await first_picture(decoder)
        async with asyncio.timeout(3):
            while not isinstance(beat := await decoder.receive(3, asyncio.Event()), Counters):
                pass
        assert beat.decoded > 10


async def test_without_a_free_slot_frames_are_dropped_and_counted(colours: Path) -> None:
    async with (
        CameraSimulator([colours], port=0, loop=True) as camera,
        decoding(request(camera.url)) as decoder,
    ):
        held = [await first_picture(decoder) for _ in range(4)]
        async with asyncio.timeout(10):
            while not isinstance(message := await decoder.receive(2, asyncio.Event()), Counters):
                assert message is None
        assert message.dropped > 0
        for picture in held:
            assert_colours(picture)
        held[1].release()
        held[1].release()
        assert_colours(await first_picture(decoder))


async def test_a_picture_outlives_its_decoder(colours: Path) -> None:
    async with (
        CameraSimulator([colours], port=0, loop=True) as camera,
        decoding(request(camera.url)) as decoder,
    ):
        picture = await first_picture(decoder)
    assert decoder.pid is None
    assert_colours(picture)
    picture.release()


async def test_a_size_change_is_followed_and_older_pictures_stay_valid(
    tmp_path: Path,
) -> None:
    """Two sizes in one H.264 stream, with pictures of the first held on to."""
    for name, size in (("a", (320, 240)), ("b", (640, 480))):
        write_colours(tmp_path / f"{name}.h264", size, seconds=2)
    both = tmp_path / "both.h264"
    both.write_bytes((tmp_path / "a.h264").read_bytes() + (tmp_path / "b.h264").read_bytes())
    seen: list[Picture] = []

    def look(picture: Picture) -> None:
        if not seen or picture.image.shape != seen[-1].image.shape:
            seen.append(picture)

    failure, counters = await play_to_the_end(request(both, analyse_fps=1e6), look)
    assert failure.kind is FailureKind.ENDED
    assert counters.decoded == 100
    assert len(seen) == 2
    assert_colours(seen[0], (320, 240))
    assert_colours(seen[-1], (640, 480))


async def test_corrupt_frames_are_counted_and_never_shown(tmp_path: Path) -> None:
    whole, damaged = tmp_path / "whole.264", tmp_path / "damaged.264"
    frames = make_video(whole, size=(320, 240), seconds=2, noise=True)
    data = bytearray(whole.read_bytes())
    for start in range(len(data) // 8, len(data), len(data) // 5):
        data[start : start + 300] = random.Random(start).randbytes(300)
    damaged.write_bytes(data)
    shown: list[Picture] = []
    _, counters = await play_to_the_end(request(damaged, analyse_fps=1e6), shown.append)
    assert counters.decoded + counters.errors == frames
    assert counters.corrupt >= 3
    assert 0 < len(shown) <= counters.sound


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        ("stall", FailureKind.STALLED),
        ("mute", FailureKind.UNREACHABLE),
        ("cut", FailureKind.ENDED),
        ("401", FailureKind.UNAUTHORIZED),
        ("403", FailureKind.UNAUTHORIZED),
        ("404", FailureKind.NOT_FOUND),
        ("453", FailureKind.BUSY),
        ("503", FailureKind.BUSY),
        ("audio", FailureKind.NO_VIDEO),
        ("garbage", FailureKind.NO_VIDEO),
        ("http", FailureKind.UNREACHABLE),
        ("hang_up", FailureKind.OTHER),
    ],
)
async def test_a_camera_that_misbehaves_is_named(behaviour: Behaviour, kind: FailureKind) -> None:
    async with FakeRtspServer(behaviour) as server:
        failure, counters = await play_to_the_end(request(server.url))
    assert failure.kind is kind, failure
    assert counters == Counters()
    assert failure.text
    assert "geheim" not in str(failure)


async def test_an_unknown_codec_is_named() -> None:
    async with FakeRtspServer("codec") as server:
        failure, _ = await play_to_the_end(request(server.url))
    assert failure.kind in (FailureKind.CODEC, FailureKind.STALLED)


async def test_a_wrong_password_is_named_and_the_right_one_works(colours: Path) -> None:
    known = Credentials("viewer", "p@ss/word")
    async with CameraSimulator([colours], port=0, credentials=known, loop=True) as camera:
        place = camera.url.removeprefix("rtsp://")
        failure, _ = await play_to_the_end(request(f"rtsp://viewer:geheim%21@{place}"))
        assert failure.kind is FailureKind.UNAUTHORIZED
        async with decoding(request(f"rtsp://viewer:p%40ss%2Fword@{place}")) as decoder:
            assert_colours(await first_picture(decoder))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("rtsp://viewer:geheim%21@127.0.0.1:{port}/x", "refused"),
        ("rtsp://viewer:geheim%21@nowhere.invalid/x", ""),
    ],
)
async def test_where_nobody_listens_is_unreachable(address: str, words: str) -> None:
    failure, _ = await play_to_the_end(request(address.format(port=closed_port())))
    assert failure.kind is FailureKind.UNREACHABLE
    assert words in failure.text
    assert "geheim" not in str(failure)


async def test_a_file_that_is_no_video_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"nothing of the kind" * 100)
    failure, _ = await play_to_the_end(request(tmp_path / "a.mp4"))
    assert failure.kind is FailureKind.OTHER
    failure, _ = await play_to_the_end(request(tmp_path / "absent.mp4"))
    assert failure.kind is FailureKind.NOT_FOUND


async def test_what_a_decoder_is_given(colours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIRDI_DATABASE__URL", "postgresql://kirdi:topsecret@db/kirdi")
    async with (
        CameraSimulator([colours], port=0, loop=True) as camera,
        decoding(request(camera.url)) as decoder,
    ):
        await first_picture(decoder)
        process = Path(f"/proc/{decoder.pid}")
        told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        assert b"rtsp" not in told
        assert b"KIRDI" not in told
        assert decoder.pid is not None
        assert resource.prlimit(decoder.pid, resource.RLIMIT_CORE) == (0, 0)
        assert os.getsid(decoder.pid) == decoder.pid
        opened = {os.readlink(path) for path in (process / "fd").iterdir()}
        assert {name.split(":")[0] for name in opened} <= {"/dev/null", "socket", "/memfd"}
        assert sum(name.startswith("socket") for name in opened) == 4
        assert not any("kirdi" in name for name in os.listdir("/dev/shm"))


async def test_a_stopped_decoder_closes_its_session_at_the_camera(colours: Path) -> None:
    async with CameraSimulator([colours], port=0, loop=True) as camera:
        async with decoding(request(camera.url)) as decoder:
            await first_picture(decoder)
            assert camera.clients == 1
        await until(lambda: not camera.clients)


async def test_a_decoder_that_does_not_listen_is_killed_in_a_hurry(colours: Path) -> None:
    async with CameraSimulator([colours], port=0, loop=True) as camera:
        decoder = DecoderProcess(request(camera.url))
        decoder.start()
        await first_picture(decoder)
        assert decoder.pid is not None
        pid = decoder.pid
        os.kill(pid, signal.SIGSTOP)
        hurry = asyncio.Event()
        hurry.set()
        async with asyncio.timeout(2.9):
            await decoder.stop(hurry)
        assert not alive(pid)


async def test_a_decoder_blocked_in_ffmpeg_ends_when_asked() -> None:
    async with FakeRtspServer("stall") as server:
        decoder = DecoderProcess(request(server.url, connect_timeout_s=60.0))
        decoder.start()
        await until(lambda: server.connections > 0)
        async with asyncio.timeout(2):
            await decoder.stop(asyncio.Event())


async def test_stop_before_start_and_twice_is_harmless() -> None:
    decoder = DecoderProcess(request("/nowhere"))
    await decoder.stop(asyncio.Event())
    decoder.start()
    await decoder.stop(asyncio.Event())
    await decoder.stop(asyncio.Event())


FAULT_IN_A_THREAD = """
import sys, threading
from streamer.ingest import decoder

def listen(link, made):
    raise RuntimeError("cannot listen to geheim!")

decoder.listen = listen
decoder.Decoder.run = lambda made, source: threading.Event().wait(30)
decoder.main(int(sys.argv[1]))
"""


def test_a_fault_in_a_thread_is_told(tmp_path: Path) -> None:
    """Else the service would know only that the process is gone."""
    write_colours(tmp_path / "a.mp4", seconds=1)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        ours.settimeout(30)
        ours.send(pack_command(request(tmp_path / "a.mp4")))
        subprocess.run(
            [sys.executable, "-c", FAULT_IN_A_THREAD, str(theirs.fileno())],
            env={"PYTHONPATH": str(ROOT)},
            pass_fds=(theirs.fileno(),),
            timeout=60,
            check=True,
        )
        said = [parse_report(ours.recv(MAX_DATAGRAM_BYTES)) for _ in range(2)]
    text = "fault in the decoder: RuntimeError: cannot listen to ***"
    assert said == [Counters(), Failure(FailureKind.OTHER, text)]
