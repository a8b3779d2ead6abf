"""The simulated camera, request by request."""

import asyncio
import re
import socket
from base64 import b64encode
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from aiortc.rtp import RtcpByePacket, RtcpPacket, RtpPacket

from streamer.errors import CameraError, InputError
from streamer.simulator.credentials import Credentials
from streamer.simulator.limits import Limits
from streamer.simulator.server import CameraSimulator
from tests.fuzz_seeds import fuzz_seeds
from tests.rtsp_client import RtspClient
from tests.video import make_video

FAST = 20.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    make_video(path, b_frames=2)
    return path


@pytest.fixture
async def camera(clip: Path) -> AsyncIterator[CameraSimulator]:
    limits = Limits(end_grace_s=0.2)
    async with CameraSimulator([clip], port=0, speed=FAST, limits=limits) as running:
        yield running


async def gone(camera: CameraSimulator) -> None:
    """Wait until the camera has no client."""
    for _ in range(1000):
        if not camera.clients:
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"{camera.clients} clients are still connected")


async def test_a_whole_conversation(camera: CameraSimulator) -> None:
    async with RtspClient(camera.url) as client:
        options = await client.ask("OPTIONS")
        assert {"DESCRIBE", "SETUP", "PLAY", "TEARDOWN"} <= set(
            options.headers["public"].split(", ")
        )
        described = await client.ask("DESCRIBE", Accept="application/sdp")
        assert described.headers["content-type"] == "application/sdp"
        assert described.headers["content-base"] == camera.url + "/"
        assert b"sprop-parameter-sets=" in described.body
        played = await client.play()
        assert played.status == 200
        session = played.headers["session"].partition(";")[0]
        assert "timeout=60" in played.headers["session"]
        assert (await client.ask("GET_PARAMETER", Session=session)).status == 200
        assert (await client.ask("TEARDOWN", Session=session)).status == 200
        assert (await client.ask("TEARDOWN", Session=session)).status == 454
    await gone(camera)


async def test_the_end_is_a_goodbye_and_then_silence(camera: CameraSimulator) -> None:
    async with RtspClient(camera.url) as client:
        played = await client.play()
        await client.media_until_closed()
    media = [RtpPacket.parse(data) for channel, data in client.frames if channel == 0]
    reports = [RtcpPacket.parse(data) for channel, data in client.frames if channel == 1]
    assert sum(packet.marker for packet in media) == 25
    numbers = [packet.sequence_number for packet in media]
    assert all((b - a) % 65536 == 1 for a, b in pairwise(numbers))
    announced = re.search(r"seq=(\d+);rtptime=(\d+)", played.headers["rtp-info"])
    assert announced is not None
    assert (int(announced[1]), int(announced[2])) == (numbers[0], media[0].timestamp)
    assert isinstance(reports[-1][-1], RtcpByePacket)
    assert not [
        packet for report in reports[:-1] for packet in report if isinstance(packet, RtcpByePacket)
    ]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("DESCRIBE", "/absent", {}, 404),
        ("DESCRIBE", "", {"Accept": "text/html"}, 406),
        ("SETUP", "/absent/trackID=0", {"Transport": "RTP/AVP/TCP"}, 404),
        ("SETUP", "/trackID=0", {"Transport": "RTP/AVP;multicast"}, 461),
        ("SETUP", "/trackID=0", {}, 461),
        ("PLAY", "", {}, 455),
        ("PAUSE", "", {}, 455),
        ("TEARDOWN", "", {}, 454),
        ("PLAY", "", {"Session": "someone-elses"}, 454),
        ("OPTIONS", "", {"Require": "implicit-play"}, 551),
        ("ANNOUNCE", "", {}, 501),
        ("describe", "", {}, 501),
    ],
)
async def test_what_cannot_be_is_refused(
    camera: CameraSimulator, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    async with RtspClient(camera.url) as client:
        assert (await client.ask(method, camera.url + path, **headers)).status == status
        assert (await client.ask("OPTIONS")).status == 200


async def test_a_broken_address_is_not_found(camera: CameraSimulator) -> None:
    async with RtspClient(camera.url) as client:
        assert (await client.ask("DESCRIBE", "rtsp://[::/stream")).status == 404


@pytest.mark.parametrize(
    ("spoilt", "status", "goes_on"),
    [
        (b"OPTIONS * RTSP/1.0\r\n\r\n", 400, True),
        (b"OPTIONS * RTSP/9.0\r\nCSeq: 1\r\n\r\n", 505, True),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, False),
        (b"\x16\x03\x01" + b"\xff" * 20_000, 400, False),
    ],
)
async def test_a_malformed_request_harms_only_its_sender(
    camera: CameraSimulator, spoilt: bytes, status: int, goes_on: bool
) -> None:
    async with RtspClient(camera.url) as client, RtspClient(camera.url) as other:
        await client.send(spoilt)
        assert (await client.answer()).status == status
        if goes_on:
            assert (await client.ask("OPTIONS")).status == 200
        else:
            assert await client.reader.read() == b""
        assert (await other.ask("OPTIONS")).status == 200


async def test_fuzz_seeds_do_not_stop_the_camera(camera: CameraSimulator) -> None:
    for seed in fuzz_seeds("base-Fuzz"):
        async with RtspClient(camera.url) as client:
            await client.send(seed + b"\r\n\r\n")
    async with RtspClient(camera.url) as client:
        assert (await client.ask("OPTIONS")).status == 200
    await gone(camera)


async def test_basic_authentication(clip: Path) -> None:
    user = Credentials("viewer", "s:cret")
    async with (
        CameraSimulator([clip], port=0, credentials=user) as camera,
        RtspClient(camera.url) as client,
    ):
        assert (await client.ask("OPTIONS")).status == 200
        asked = await client.ask("DESCRIBE")
        assert asked.status == 401
        assert asked.headers["www-authenticate"].startswith("Basic realm=")
        wrong = b64encode(b"viewer:wrong").decode()
        assert (await client.ask("DESCRIBE", Authorization=f"Basic {wrong}")).status == 401
        right = b64encode(b"viewer:s:cret").decode()
        assert (await client.ask("DESCRIBE", Authorization=f"Basic {right}")).status == 200
        # One right answer does not open the connection for what follows.
        assert (await client.ask("SETUP", Transport="RTP/AVP/TCP")).status == 401
        assert "s:cret" not in f"{camera.url}{camera.urls}"


async def test_a_silent_client_is_let_go(clip: Path) -> None:
    limits = Limits(session_timeout_s=0.3)
    async with (
        CameraSimulator([clip], port=0, limits=limits) as camera,
        RtspClient(camera.url) as client,
    ):
        for _ in range(5):
            await asyncio.sleep(0.15)
            assert (await client.ask("OPTIONS")).status == 200
        async with asyncio.timeout(5):
            assert await client.reader.read() == b""
        await gone(camera)


async def test_a_stalled_client_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "noise.mp4"
    make_video(path, size=(640, 480), noise=True)
    limits = Limits(stall_timeout_s=0.5, output_bytes=64 * 1024)
    async with (
        CameraSimulator([path], port=0, loop=True, speed=1000.0, limits=limits) as camera,
        RtspClient(camera.url) as stalled,
        RtspClient(camera.url) as healthy,
    ):
        await stalled.play()
        stalled.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(400):
            assert (await healthy.ask("OPTIONS")).status == 200
            if camera.clients == 1:
                break
            await asyncio.sleep(0.05)
        assert camera.clients == 1
        assert (await healthy.play()).status == 200


async def test_too_many_clients_are_told_so(clip: Path) -> None:
    limits = Limits(max_clients=1)
    async with CameraSimulator([clip], port=0, limits=limits) as camera:
        async with RtspClient(camera.url) as first:
            assert (await first.ask("OPTIONS")).status == 200
            async with RtspClient(camera.url) as second:
                assert (await second.answer()).status == 503
        await gone(camera)
        async with RtspClient(camera.url) as third:
            assert (await third.ask("OPTIONS")).status == 200


async def test_a_pause_holds_the_stream(clip: Path) -> None:
    async with (
        CameraSimulator([clip], port=0, loop=True) as camera,
        RtspClient(camera.url) as client,
    ):
        session = (await client.play()).headers["session"].partition(";")[0]
        await asyncio.sleep(0.3)
        assert (await client.ask("PAUSE", Session=session)).status == 200
        await client.ask("OPTIONS")
        sent = len(client.frames)
        assert sent > 0
        await asyncio.sleep(0.4)
        await client.ask("OPTIONS")
        assert len(client.frames) <= sent + 5  # one picture was on its way
        sent = len(client.frames)
        assert (await client.ask("PLAY", Session=session)).status == 200
        await asyncio.sleep(0.4)
        await client.ask("OPTIONS")
        assert len(client.frames) > sent
        last = [RtpPacket.parse(data) for channel, data in client.frames if channel == 0]
        numbers = [packet.sequence_number for packet in last]
        assert all((b - a) % 65536 == 1 for a, b in pairwise(numbers))


async def test_udp_goes_to_the_client_alone(camera: CameraSimulator) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind(("127.0.0.1", 0))
        port.setblocking(False)
        number = port.getsockname()[1]
        transport = f"RTP/AVP;unicast;destination=192.0.2.1;client_port={number}-{number + 1}"
        async with RtspClient(camera.url) as client:
            setup = await client.ask("SETUP", Transport=transport)
            assert re.search(r"server_port=\d+[02468]-\d+[13579]", setup.headers["transport"])
            await client.ask("PLAY", Session=setup.headers["session"].partition(";")[0])
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(5):
                data, sender = await loop.sock_recvfrom(port, 2048)
            assert RtpPacket.parse(data).payload_type == 96
            assert sender[0] == "127.0.0.1"


async def test_a_file_that_vanished_is_an_error_of_that_session(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    make_video(path, seconds=0.4)
    async with CameraSimulator([path], port=0) as camera, RtspClient(camera.url) as client:
        path.unlink()
        assert (await client.play()).status == 500
        assert (await client.ask("OPTIONS")).status == 200


async def test_stopping_hangs_up_on_everyone(clip: Path) -> None:
    camera = CameraSimulator([clip], port=0, loop=True)
    await camera.stop()  # before start: nothing to do
    await camera.start()
    async with RtspClient(camera.url) as playing, RtspClient(camera.url) as idle:
        await playing.play()
        await idle.ask("OPTIONS")
        async with asyncio.timeout(5):
            await camera.stop()
        assert await idle.reader.read() == b""
    await camera.stop()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", int(camera.url.split(":")[2].split("/")[0]))


async def test_a_port_in_use_is_named(camera: CameraSimulator, clip: Path) -> None:
    port = int(camera.url.split(":")[2].split("/")[0])
    with pytest.raises(CameraError, match=rf"127\.0\.0\.1:{port} is in use; .*--port"):
        await CameraSimulator([clip], port=port).start()
    with pytest.raises(CameraError, match="cannot be listened on"):
        await CameraSimulator([clip], host="192.0.2.1", port=0).start()
    with pytest.raises(CameraError, match="cannot be listened on"):
        await CameraSimulator([clip], port=99999).start()


async def test_a_bad_file_stops_the_start(tmp_path: Path) -> None:
    camera = CameraSimulator([tmp_path / "absent.mp4"], port=0)
    with pytest.raises(InputError, match=r"absent\.mp4"):
        await camera.start()
    await camera.stop()


async def test_it_speaks_ipv6(clip: Path) -> None:
    try:
        camera = CameraSimulator([clip], host="::1", port=0, speed=FAST)
        await camera.start()
    except CameraError as error:
        pytest.skip(f"no IPv6 here: {error}")
    async with RtspClient(camera.url) as client:
        assert b"IN IP6" in (await client.ask("DESCRIBE")).body
        assert (await client.play()).status == 200
    await camera.stop()


async def test_clients_that_come_and_go_leave_nothing_behind(camera: CameraSimulator) -> None:
    process = psutil.Process()
    counts: list[int] = []
    for _ in range(3):
        for transport in ("RTP/AVP/TCP;unicast", "RTP/AVP;unicast;client_port=9-10") * 10:
            async with RtspClient(camera.url) as client:
                assert (await client.play(transport)).status == 200
        await gone(camera)
        await asyncio.sleep(0.1)  # files are closed in threads
        counts.append(process.num_fds())
    assert counts[1] == counts[2]


async def test_reports_come_between_pictures(clip: Path) -> None:
    limits = Limits(report_interval_s=0.1, end_grace_s=0.1)
    async with (
        CameraSimulator([clip], port=0, limits=limits) as camera,
        RtspClient(camera.url) as client,
    ):
        await client.play()
        await client.media_until_closed()
    channels = [channel for channel, _ in client.frames]
    assert channels[0] == channels[-1] == 1
    assert 4 <= channels.count(1) <= 12  # 25 pictures in a second, and the goodbye
