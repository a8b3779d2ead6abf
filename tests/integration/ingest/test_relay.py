"""Where a decoder connects: to its camera, and whatever that one says, to nobody else."""

import asyncio
import socket
import sys
from pathlib import Path

import pytest

from streamer.ingest import relay as relays
from streamer.ingest.decoder_process import Picture
from streamer.ingest.protocol import Counters, FailureKind
from streamer.ingest.relay import Relay
from streamer.simulator.server import CameraSimulator
from streamer.simulator.tls_files import TlsFiles
from tests.certificates import make_certificate
from tests.fakes.rtsp_server import FakeRtspServer
from tests.fakes.scripted_rtsp import ScriptedRtspServer, ordinary
from tests.integration.ingest.test_decoder import first_picture
from tests.integration.ingest.watching import (
    assert_colours,
    camera,
    decoding,
    play_to_the_end,
    request,
    until,
    watching,
    write_colours,
)

LOGIN = "viewer:geheim%21@"


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "colours.mp4"
    write_colours(path)
    return path


@pytest.mark.parametrize("step", ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])
@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "305 Use Proxy"])
async def test_a_redirect_gets_neither_connection_nor_password(step: str, status: str) -> None:
    async with ScriptedRtspServer() as elsewhere:

        def answers(method: str, sequence: str) -> str | None:
            if method != step:
                return None
            location = f"Location: rtsp://x:geheim%21@{elsewhere.place}/else\r\n"
            return f"RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n{location}\r\n"

        async with ScriptedRtspServer(answers) as moved:
            failure, _ = await play_to_the_end(request(f"rtsp://{LOGIN}{moved.place}/a"))
        assert failure.kind is FailureKind.REDIRECTED
        assert f"redirects to rtsp://{elsewhere.place}/else; set that address" in failure.text
        assert "geheim" not in failure.text
        assert elsewhere.connections == 0
        assert moved.connections == 1


@pytest.mark.parametrize("location", ["", "Location: http://127.0.0.1/geheim!\r\n"])
async def test_a_redirect_to_nowhere_is_named(location: str) -> None:
    def answers(method: str, sequence: str) -> str | None:
        return f"RTSP/1.0 302 Found\r\nCSeq: {sequence}\r\n{location}\r\n"

    async with ScriptedRtspServer(answers) as moved:
        failure, _ = await play_to_the_end(request(f"rtsp://{LOGIN}{moved.place}/a"))
    assert failure.kind is FailureKind.REDIRECTED
    assert "geheim" not in failure.text


async def test_other_hosts_in_what_a_camera_says_are_not_gone_to() -> None:
    """Content-Base, the SDP, a REDIRECT of the camera's own, and an answer hidden in another."""
    async with ScriptedRtspServer() as elsewhere:
        there = f"rtsp://{elsewhere.place}/else"

        def answers(method: str, sequence: str) -> str | None:
            if method == "DESCRIBE":
                answer = ordinary(method, sequence, f"Content-Base: {there}\r\n")
                return answer.replace("IN IP4 127.0.0.1", "IN IP4 127.0.0.2")
            if method == "PLAY":
                asked = f"REDIRECT {there} RTSP/1.0\r\nCSeq: 1\r\nLocation: {there}\r\n\r\n"
                late = f"RTSP/1.0 302 Found\r\nCSeq: {sequence}\r\nLocation: {there}\r\n\r\n"
                return asked + ordinary(method, sequence) + asked + late
            return None

        async with ScriptedRtspServer(answers) as strange:
            failure, _ = await play_to_the_end(request(f"rtsp://{LOGIN}{strange.place}/a"))
            assert strange.connections == 1
            assert f"SETUP {there}/track1" in strange.heard
        assert failure.kind is not FailureKind.REDIRECTED
        assert elsewhere.connections == 0


async def test_over_udp_video_comes_from_another_address_than_the_relays(colours: Path) -> None:
    async with CameraSimulator([colours], host="127.0.0.7", port=0, loop=True) as source:
        asked = request(source.url, transport="udp", analyse_fps=25.0)
        async with decoding(asked) as decoder:
            picture = await first_picture(decoder)
            assert_colours(picture)


async def test_over_udp_reports_go_to_the_camera_whatever_source_it_names() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as media,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere,
    ):
        media.bind(("127.0.0.7", 0))
        port = media.getsockname()[1]
        elsewhere.bind(("127.0.0.9", port))
        elsewhere.setblocking(False)
        media.settimeout(5)

        def answers(method: str, sequence: str) -> str | None:
            if method != "SETUP":
                return None
            client_port = server.heard.rpartition("client_port=")[2].split("\r")[0]
            usual = ordinary(method, sequence).replace("RTP/AVP/TCP;", "RTP/AVP;")
            udp = f"client_port={client_port};source=127.0.0.9;server_port={port}-{port + 1}"
            return usual.replace("interleaved=0-1", udp)

        async with ScriptedRtspServer(answers, "127.0.0.7") as server:
            await play_to_the_end(request(f"rtsp://{server.place}/a", transport="udp"))
        assert media.recv(100)
        with pytest.raises(BlockingIOError):
            elsewhere.recv(100)


async def test_over_ipv6_too(colours: Path) -> None:
    for transport in ("tcp", "udp"):
        async with CameraSimulator([colours], host="::1", port=0, loop=True) as source:
            port = source.url.rpartition("/")[0].rpartition(":")[2]
            asked = request(f"rtsp://[::1]:{port}/colours", transport=transport)
            async with decoding(asked) as decoder:
                assert_colours(await first_picture(decoder))


async def test_a_certificate_is_verified(colours: Path, tmp_path: Path) -> None:
    right = TlsFiles(*make_certificate(tmp_path / "right"))
    wrong = TlsFiles(*make_certificate(tmp_path / "wrong", "10.9.8.7"))
    async with (
        CameraSimulator([colours], port=0, loop=True, tls=right) as source,
        CameraSimulator([colours], port=0, loop=True, tls=wrong) as other,
    ):
        url = source.url.replace("rtsps://", f"rtsps://{LOGIN}")
        failure, counters = await play_to_the_end(request(url))
        assert failure.kind is FailureKind.CERTIFICATE
        assert "self-signed" in failure.text
        assert counters == Counters()
        async with decoding(request(url, ca_file=str(right.certificate))) as decoder:
            assert_colours(await first_picture(decoder))
        async with decoding(request(url, insecure_tls=True)) as decoder:
            seen: Picture = await first_picture(decoder)
            assert_colours(seen)
        failure, _ = await play_to_the_end(request(other.url, ca_file=str(wrong.certificate)))
        assert failure.kind is FailureKind.CERTIFICATE
        assert "127.0.0.1" in failure.text


async def test_tls_and_plain_are_not_mixed_up(colours: Path, tmp_path: Path) -> None:
    async with CameraSimulator([colours], port=0) as source:
        url = source.url.replace("rtsp:", "rtsps:")
        failure, _ = await play_to_the_end(request(url, insecure_tls=True))
        assert failure.kind is FailureKind.UNREACHABLE
        assert "TLS" in failure.text
    tls = TlsFiles(*make_certificate(tmp_path))
    async with CameraSimulator([colours], port=0, tls=tls) as source:
        failure, _ = await play_to_the_end(request(source.url.replace("rtsps:", "rtsp:")))
    assert failure.kind in (FailureKind.OTHER, FailureKind.UNREACHABLE)


async def test_an_unreadable_ca_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    for name in ("absent.pem", "empty.pem"):
        asked = request("rtsps://127.0.0.1:1/", ca_file=str(tmp_path / name))
        failure, _ = await play_to_the_end(asked)
        assert failure.kind is FailureKind.CERTIFICATE
        assert "ca_file" in failure.text


async def test_insecure_tls_shows_in_the_state() -> None:
    async with FakeRtspServer("mute") as server:
        asked = camera(f"rtsps://127.0.0.1:{server.port}/", insecure_tls=True)
        async with watching(asked) as watch:
            await until(lambda: server.connections > 0)
            assert any("insecure_tls" in remark for remark in watch.supervisor.state.remarks)


async def test_a_stranger_who_connects_first_is_sent_away(
    colours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may find the relay's port before FFmpeg does."""
    monkeypatch.setattr(relays, "close_network", lambda *, udp: None)
    async with CameraSimulator([colours], port=0, loop=True) as source:
        relay = await asyncio.to_thread(Relay.connect, request(source.url))
        code = (
            "import socket, sys\n"
            f"stranger = socket.create_connection(('127.0.0.1', {relay.port}))\n"
            "print(flush=True)\n"
            "stranger.settimeout(5)\n"
            "sys.exit(len(stranger.recv(100)))\n"
        )
        stranger = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
        )
        assert stranger.stdout is not None
        await stranger.stdout.readline()
        relay.start()
        assert await stranger.wait() == 0
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        writer.write(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"RTSP/1.0 200")
        writer.close()
        await asyncio.to_thread(relay.close)
