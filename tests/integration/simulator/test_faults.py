"""Every fault of the simulated camera, as a bare client and FFmpeg meet it."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import av
import psutil
import pytest

from streamer.errors import CameraError
from streamer.simulator.credentials import Credentials
from streamer.simulator.faults.access import Refuse, SessionLimit, WrongPassword
from streamer.simulator.faults.answers import GarbageSdp, Redirect, SlowAnswer, Trickle
from streamer.simulator.faults.catalogue import FAULTS, usage
from streamer.simulator.faults.delivery import Cut, Jitter, Loss, MidFrame, Stall, StopSending
from streamer.simulator.faults.fault import Fault
from streamer.simulator.faults.picture import H265, Dark, Mjpeg
from streamer.simulator.faults.timing import LateKeyframe, Mode, Timestamps
from streamer.simulator.server import CameraSimulator
from tests.integration.simulator.watching import Transport, until, watched
from tests.rtsp_client import RtspClient
from tests.video import make_video

FPS = 25
SPEED = 4.0
_IDR, _SPS, _FU_A = 5, 7, 28


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    make_video(path, seconds=2.0, gop=FPS)
    return path


@pytest.fixture
async def camera(clip: Path) -> AsyncIterator[CameraSimulator]:
    async with CameraSimulator([clip], port=0, loop=True, speed=SPEED) as running:
        yield running


async def read(client: RtspClient, pictures: int) -> list[bytes]:
    """The RTP packets of the next pictures."""
    client.frames.clear()
    while sum(packet[1] >> 7 for channel, packet in client.frames if channel == 0) < pictures:
        assert await client.reader.readexactly(1) == b"$"
        async with asyncio.timeout(10):
            await client._frame()
    return [packet for channel, packet in client.frames if channel == 0]


def numbers(packets: list[bytes]) -> list[int]:
    return [struct.unpack_from(">H", packet, 2)[0] for packet in packets]


def stamps(packets: list[bytes]) -> list[int]:
    return [struct.unpack_from(">I", packet, 4)[0] for packet in packets if packet[1] >> 7]


async def silent(client: RtspClient, seconds: float = 0.3) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await client.reader.readexactly(1)
    except TimeoutError:
        return True
    return False


# Getting in


async def test_a_camera_refuses_and_comes_back(camera: CameraSimulator) -> None:
    async with RtspClient(camera.url) as client:
        await client.play()
        await camera.set_faults([Refuse()])
        await client.media_until_closed()
    assert camera.clients == 0
    assert (await watched(camera.url)).error is av.ConnectionRefusedError
    await camera.set_faults([Refuse(), Dark()])
    await camera.set_faults()
    assert len((await watched(camera.url, frames=5)).widths) == 5
    assert camera.counts["refuse"] == 1


async def test_a_camera_can_refuse_from_the_start(clip: Path) -> None:
    async with CameraSimulator([clip], port=0, faults=[Refuse()]) as camera:
        assert (await watched(camera.url)).error is av.ConnectionRefusedError
        port = int(camera.url.split(":")[2].split("/")[0])
        with (
            socket.create_server(("127.0.0.1", port)),
            pytest.raises(CameraError, match=f"{port} is in use"),
        ):
            await camera.set_faults()
        await camera.set_faults()
        assert (await watched(camera.url, frames=1)).error is None


async def test_no_password_is_right(clip: Path) -> None:
    user = Credentials("viewer", "secret")
    async with CameraSimulator([clip], port=0, credentials=user) as camera:
        url = camera.url.replace("://", "://viewer:secret@")
        assert (await watched(url, frames=1)).error is None
        await camera.set_faults([WrongPassword()])
        assert (await watched(url)).error is av.HTTPUnauthorizedError
        async with RtspClient(camera.url) as client:
            assert (await client.ask("OPTIONS")).status == 200
            assert (await client.ask("DESCRIBE")).status == 401


@pytest.mark.parametrize("status", [453, 503])
async def test_sessions_linger(camera: CameraSimulator, status: int) -> None:
    limit = SessionLimit(1, linger=0.5, status=503 if status == 503 else 453)
    await camera.set_faults([limit])
    transport = "RTP/AVP/TCP;unicast"
    async with RtspClient(camera.url) as first, RtspClient(camera.url) as second:
        session = (await first.play()).headers["session"].partition(";")[0]
        assert (await second.ask("SETUP", Transport=transport)).status == status
        assert (await first.ask("TEARDOWN", Session=session)).status == 200
        assert (await second.play()).status == 200
    vanished = time.monotonic()
    refused = await watched(camera.url)
    assert refused.error in (av.HTTPOtherClientError, av.HTTPServerError)
    async with RtspClient(camera.url) as third:
        for _ in range(100):
            if (await third.ask("SETUP", Transport=transport)).status == 200:
                break
            await asyncio.sleep(0.05)
    assert time.monotonic() - vanished >= 0.5


# Answers


async def test_ffmpeg_follows_a_redirected_description(camera: CameraSimulator, clip: Path) -> None:
    user = Credentials("viewer", "secret")
    async with CameraSimulator([clip], port=0, speed=SPEED, credentials=user) as other:
        await camera.set_faults([Redirect(other.url)])
        assert (await watched(camera.url)).error is av.HTTPUnauthorizedError
        # The other host gets the password that was meant for this one.
        given = camera.url.replace("://", "://viewer:secret@")
        assert len((await watched(given)).widths) == 2 * FPS
    assert camera.counts["redirect"] == 2


@pytest.mark.parametrize("method", ["SETUP", "PLAY"])
async def test_ffmpeg_follows_no_later_redirect(
    camera: CameraSimulator, clip: Path, method: str
) -> None:
    async with CameraSimulator([clip], port=0) as other:
        await camera.set_faults([Redirect(other.url, "PLAY" if method == "PLAY" else "SETUP")])
        async with RtspClient(camera.url) as client:
            if method == "SETUP":
                answer = await client.ask("SETUP", Transport="RTP/AVP/TCP")
            else:
                answer = await client.play()
            assert (answer.status, answer.headers["location"]) == (302, other.url)
        assert (await watched(camera.url)).error is not None
        assert "connections" not in other.counts


@pytest.mark.parametrize(
    ("fault", "plays"),
    [
        (GarbageSdp("noise"), 0),
        (GarbageSdp("empty"), 0),
        (GarbageSdp("cut"), 5),
        (GarbageSdp("no-video"), 0),
        (GarbageSdp("unknown"), 0),
        (GarbageSdp("huge"), 5),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
async def test_descriptions_are_garbage(camera: CameraSimulator, fault: Fault, plays: int) -> None:
    await camera.set_faults([fault])
    seen = await watched(camera.url, frames=5)
    assert len(seen.widths) == plays
    assert (seen.error is None) is bool(plays)
    await camera.set_faults()
    assert (await watched(camera.url, frames=1)).error is None


async def test_answers_come_late(camera: CameraSimulator) -> None:
    await camera.set_faults([SlowAnswer(0.3)])
    began = time.monotonic()
    async with RtspClient(camera.url) as client:
        assert (await client.ask("OPTIONS")).status == 200
    assert time.monotonic() - began >= 0.3
    await camera.set_faults([SlowAnswer(3600)])
    assert (await watched(camera.url)).error is not None
    await until(lambda: camera.clients == 0, "the client that left is let go")


async def test_answers_trickle(camera: CameraSimulator) -> None:
    await camera.set_faults([Trickle(0.002)])
    async with RtspClient(camera.url) as client:
        await client.send(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        assert len(await client.reader.read(100)) < 10
    assert len((await watched(camera.url, frames=5)).widths) == 5


# Delivery


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_nothing_comes_after_play(camera: CameraSimulator, transport: Transport) -> None:
    await camera.set_faults([Stall()])
    seen = await watched(camera.url, transport)
    assert (seen.announced_width, seen.widths) == (0, [])
    assert seen.error is not None
    async with RtspClient(camera.url) as client:
        await client.play()
        assert await silent(client)
        await client.send(b"OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n")
        assert (await client.answer()).status == 200
        await camera.set_faults()
        assert await read(client, 1)


async def test_sending_stops_and_goes_on(camera: CameraSimulator) -> None:
    await camera.set_faults([StopSending(0.4)])
    async with RtspClient(camera.url) as client:
        await client.play()
        before = await read(client, 10)
        assert await silent(client)
        await camera.set_faults()
        after = await read(client, 2)
        assert numbers(after)[0] == (numbers(before)[-1] + 1) % 65536


async def test_a_connection_is_cut(camera: CameraSimulator) -> None:
    await camera.set_faults([Cut(0.4)])
    async with RtspClient(camera.url) as client:
        await client.play()
        await client.media_until_closed()
        assert sum(packet[1] >> 7 for channel, packet in client.frames if channel == 0) == 10
        assert len([channel for channel, _ in client.frames if channel == 1]) == 1  # no goodbye
    assert len((await watched(camera.url, "udp")).widths) in (9, 10)


async def test_a_picture_is_torn(camera: CameraSimulator) -> None:
    await camera.set_faults([MidFrame(0.4)])
    async with RtspClient(camera.url) as client:
        await client.play()
        with pytest.raises(asyncio.IncompleteReadError) as torn:
            await client.media_until_closed()
        assert len(torn.value.partial) > 0
    seen = await watched(camera.url)
    assert 0 < len(seen.widths) <= 2 * FPS
    assert camera.counts["mid-frame"] == 2


async def test_packets_are_lost(camera: CameraSimulator) -> None:
    await camera.set_faults([Loss(20, seed=3)])
    gaps: list[list[int]] = []
    for _ in range(2):
        async with RtspClient(camera.url) as client:
            await client.play()
            found = numbers(await read(client, 30))
            gaps.append([(b - a) % 65536 for a, b in pairwise(found)])
    assert max(gaps[0]) > 1
    assert gaps[0] == gaps[1]
    assert len((await watched(camera.url, "udp", frames=20)).widths) == 20


async def test_late_pictures_are_all_there(camera: CameraSimulator) -> None:
    await camera.set_faults([Jitter(50)])
    seen = await watched(camera.url, frames=30)
    times = [seen_at for seen_at in seen.times[1:] if seen_at is not None]
    assert [b - a for a, b in pairwise(times)] == pytest.approx([0.04] * 28, abs=1e-3)
    assert camera.counts["jitter"] >= 30


# Time


@pytest.mark.parametrize(
    ("mode", "step"),
    [("constant", 0), ("missing", 0), ("backwards", -3600), ("wrap", 3600), ("jump", 3600)],
)
async def test_timestamps_are_wrong(camera: CameraSimulator, mode: Mode, step: int) -> None:
    await camera.set_faults([Timestamps(mode)])
    async with RtspClient(camera.url) as client:
        played = await client.play()
        assert "rtp-info" not in played.headers
        found = stamps(await read(client, 60))
    steps = [(b - a + (1 << 31)) % (1 << 32) - (1 << 31) for a, b in pairwise(found)]
    odd = {index: value for index, value in enumerate(steps) if value != step}
    assert odd == ({49: 3600 + 3600 * 90_000} if mode == "jump" else {})
    assert (min(found) < 90_000 and max(found) > (1 << 32) - 200_000) is (mode == "wrap")
    assert len((await watched(camera.url, frames=60)).widths) == 60


async def test_the_first_keyframe_is_late(camera: CameraSimulator) -> None:
    await camera.set_faults([LateKeyframe(1.5)])
    async with RtspClient(camera.url) as client:
        await client.play()
        packets = await read(client, 30)
    kinds = {packet[13 if packet[12] & 0x1F == _FU_A else 12] & 0x1F for packet in packets}
    assert not kinds & {_IDR, _SPS}
    assert all((b - a) % 65536 == 1 for a, b in pairwise(numbers(packets)))
    seen = await watched(camera.url, frames=1)
    assert seen.times[0] is None or seen.times[0] >= 1.5


# All of them


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.name)
async def test_the_camera_survives_its_own_faults(clip: Path, kind: type[Fault]) -> None:
    fault = kind("rtsp://127.0.0.1:1/stream") if kind is Redirect else kind()
    unhandled: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    async with CameraSimulator([clip], port=0, loop=True, speed=SPEED, faults=[fault]) as camera:
        for transport in ("RTP/AVP/TCP;unicast", "RTP/AVP;unicast;client_port=9-10"):
            try:
                async with RtspClient(camera.url) as client:
                    for line in (f"SETUP {camera.url}", f"PLAY {camera.url}"):
                        request = f"{line} RTSP/1.0\r\nCSeq: 1\r\nTransport: {transport}\r\n\r\n"
                        await client.send(request.encode())
                    await client.send(b"nonsense\r\n\r\n")
                    await asyncio.sleep(0.1)
            except ConnectionError:
                assert kind is Refuse
        await camera.set_faults()
        assert len((await watched(camera.url, frames=5)).widths) == 5
    assert not unhandled, usage(kind)


async def test_faults_leave_nothing_behind(clip: Path) -> None:
    process = psutil.Process()
    counts: list[int] = []
    async with CameraSimulator([clip], port=0, speed=SPEED) as camera:
        for _ in range(3):
            for faults in ([Dark()], [Mjpeg()], [H265()], [Cut(0.1)], [MidFrame(0.1)], [Refuse()]):
                await camera.set_faults(faults)
                await watched(camera.url, frames=3)
            await until(lambda: camera.clients == 0, "all are gone")
            if len(counts) == 2:
                # Files are closed in threads: soon, not at once.
                await until(lambda: process.num_fds() <= counts[1], "nothing is left open")
            counts.append(process.num_fds())
    assert counts[2] <= counts[1]
