"""An RTSP server that says what a test wants, and remembers what it was asked."""

import asyncio
from collections.abc import Callable

from tests.fakes.loopback_server import LoopbackServer

SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n"
)
Answers = Callable[[str, str], str | None]
"""From a method and its CSeq to an answer in full; None for the ordinary one."""


class ScriptedRtspServer(LoopbackServer):
    """Keeps what it heard."""

    def __init__(
        self, answers: Answers = lambda method, sequence: None, host: str = "127.0.0.1"
    ) -> None:
        super().__init__(host)
        self._answers = answers
        self.connections = 0
        self.heard = ""

    @property
    def place(self) -> str:
        return f"{self._host}:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heard += request
            method = request.split()[0]
            sequence = request.lower().split("cseq:")[1].split()[0]
            answer = self._answers(method, sequence) or ordinary(method, sequence)
            writer.write(answer.encode())


def ordinary(method: str, sequence: str, extra: str = "") -> str:
    """What a camera without any video answers."""
    body, headers = "", "Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
    if method == "DESCRIBE":
        body, headers = SDP, "Content-Type: application/sdp\r\n"
    elif method == "SETUP":
        headers = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
    return (
        f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\nSession: 1\r\n{headers}{extra}"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )
