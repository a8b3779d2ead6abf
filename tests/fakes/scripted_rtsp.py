"""An RTSP server that says what a test wants, and remembers what it was asked."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n"
)
Answers = Callable[[str, str], str | None]
"""From a method and its CSeq to an answer in full; None for the ordinary one."""


class ScriptedRtspServer:
    """Listens on a free port of the loopback."""

    def __init__(
        self, answers: Answers = lambda method, sequence: None, host: str = "127.0.0.1"
    ) -> None:
        self._host = host
        self._answers = answers
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self.connections = 0
        self.heard = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()

    @property
    def place(self) -> str:
        assert self._server is not None
        return f"{self._host}:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heard += request
                method = request.split()[0]
                sequence = request.lower().split("cseq:")[1].split()[0]
                answer = self._answers(method, sequence) or ordinary(method, sequence)
                writer.write(answer.encode())
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


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
