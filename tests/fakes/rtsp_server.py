"""An RTSP server that misbehaves in one chosen way. The working one is the simulated camera."""

import asyncio
import socket
from typing import Literal

from tests.fakes.loopback_server import LoopbackServer

Behaviour = Literal[
    "stall",  # answers everything, sends no video
    "mute",  # accepts the connection, answers nothing
    "cut",  # hangs up after PLAY
    "hang_up",  # hangs up at once
    "401",
    "403",
    "404",
    "453",
    "503",
    "audio",  # has no video stream
    "codec",  # a video codec nobody knows
    "garbage",  # a description that is none
    "http",  # is a web server
]


class FakeRtspServer(LoopbackServer):
    """Counts the connections it got."""

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__()
        self._behaviour = behaviour
        self.connections = 0

    @property
    def url(self) -> str:
        return f"rtsp://viewer:geheim%21@127.0.0.1:{self.port}/stream1"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self._behaviour != "hang_up":
            await self._talk(reader, writer)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            if self._behaviour == "mute":
                continue
            if self._behaviour == "http":
                writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                continue
            method = request.split()[0]
            sequence = request.lower().split("cseq:")[1].split()[0]
            status, headers, body = self._answer(method)
            writer.write(
                f"RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n{headers}"
                f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            if method == "PLAY" and self._behaviour == "cut":
                return

    def _answer(self, method: str) -> tuple[str, str, str]:
        behaviour = self._behaviour
        if method == "DESCRIBE":
            if behaviour == "401":
                return "401 Unauthorized", 'WWW-Authenticate: Digest realm="c", nonce="1"\r\n', ""
            if behaviour.isdigit():
                return f"{behaviour} Refused", "", ""
            return "200 OK", "Content-Type: application/sdp\r\n", self._description()
        if method == "SETUP":
            transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
            return "200 OK", f"{transport}Session: 1\r\n", ""
        return "200 OK", "Session: 1\r\nPublic: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n", ""

    def _description(self) -> str:
        match self._behaviour:
            case "garbage":
                return "\x01\x02 nothing of the kind"
            case "audio":
                media = "m=audio 0 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
            case "codec":
                media = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 X-UNKNOWN/90000\r\n"
            case _:
                media = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        session = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n"
        return f"{session}{media}a=control:track1\r\n"


def closed_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
