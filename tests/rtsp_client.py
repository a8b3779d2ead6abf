"""A bare RTSP client for tests that need to see or to spoil single messages."""

import asyncio
import re
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlsplit

_HEADER = re.compile(rb"\r\n([^:\r\n]+): *([^\r\n]*)")


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; header names in lower case, the last of a name wins."""

    status: int
    headers: dict[str, str]
    body: bytes


class RtspClient:
    """One connection. Interleaved frames that come between answers are kept in `frames`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.frames: list[tuple[int, bytes]] = []
        self._cseq = 0
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> "RtspClient":
        parts = urlsplit(self.url)
        self._reader, self._writer = await asyncio.open_connection(parts.hostname, parts.port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.transport.abort()

    @property
    def transport(self) -> asyncio.WriteTransport:
        """The connection's transport."""
        return self._writer.transport

    @property
    def reader(self) -> asyncio.StreamReader:
        """The connection's reader."""
        return self._reader

    async def send(self, data: bytes) -> None:
        """Send any bytes."""
        self._writer.write(data)
        await self._writer.drain()

    async def ask(self, method: str, url: str | None = None, **headers: str) -> Answer:
        """Send a request (an underscore in a header's name is a hyphen) and read the answer."""
        self._cseq += 1
        lines = [f"{method} {url or self.url} RTSP/1.0", f"CSeq: {self._cseq}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.send(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = await self.answer()
        assert answer.headers.get("cseq") == str(self._cseq)
        return answer

    async def answer(self) -> Answer:
        """The next answer."""
        async with asyncio.timeout(10):
            while (first := await self._reader.readexactly(1)) == b"$":
                await self._frame()
            head = first + await self._reader.readuntil(b"\r\n\r\n")
            headers = {
                name.decode().lower(): value.decode() for name, value in _HEADER.findall(head)
            }
            body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(head.split(b" ")[1]), headers, body)

    async def media_until_closed(self) -> None:
        """Read interleaved frames until the server hangs up."""
        async with asyncio.timeout(20):
            while (first := await self._reader.read(1)) == b"$":
                await self._frame()
            assert first == b""

    async def _frame(self) -> None:
        head = await self._reader.readexactly(3)
        payload = await self._reader.readexactly(int.from_bytes(head[1:], "big"))
        self.frames.append((head[0], payload))

    async def play(self, transport: str = "RTP/AVP/TCP;unicast;interleaved=0-1") -> Answer:
        """SETUP and PLAY; the answer to PLAY."""
        setup = await self.ask("SETUP", f"{self.url}/trackID=0", Transport=transport)
        assert setup.status == 200, setup
        session = setup.headers["session"].partition(";")[0]
        return await self.ask("PLAY", Session=session, Range="npt=0.000-")
