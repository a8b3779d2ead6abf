"""A service outside, such as an SMS gateway: a real HTTP server that does what a test wants."""

import asyncio
import json
import ssl
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.loopback_server import LoopbackServer


@dataclass
class Received:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    peer: str | None = None

    @property
    def json(self) -> object:
        parsed: object = json.loads(self.body)
        return parsed

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass
class Reply:
    """What it answers.

    Attributes:
        delay_s: It says nothing for so long.
        raw: Sent instead of an HTTP answer.
        endless: The body never ends, a piece every 10 ms.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    raw: bytes | None = None
    endless: bool = False


class HttpService(LoopbackServer):
    """Answers every request with `reply`, which a test may change meanwhile."""

    def __init__(self, reply: Reply | None = None, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls=tls)
        self.reply = reply or Reply()
        self.received: list[Received] = []

    @property
    def url(self) -> str:
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *rest = head.strip().split("\r\n")
        method, target, _ = line.split(" ")
        headers = {
            name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        parts = urlsplit(target)
        certificate = writer.get_extra_info("peercert")
        self.received.append(
            Received(
                method,
                parts.path,
                dict(parse_qsl(parts.query)),
                headers,
                body,
                None if not certificate else str(certificate["subject"][0][0][1]),
            )
        )
        reply = self.reply
        await asyncio.sleep(reply.delay_s)
        if reply.raw is not None:
            writer.write(reply.raw)
        else:
            extra = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
            size = 10_000_000 if reply.endless else len(reply.body)
            writer.write(
                f"HTTP/1.1 {reply.status} X\r\nContent-Length: {size}\r\n{extra}\r\n".encode()
                + reply.body
            )
        while reply.endless:
            writer.write(b"x" * 1000)
            await writer.drain()
            await asyncio.sleep(0.01)
        await writer.drain()


def mutual_tls(server: tuple[str, str], client_ca: str) -> ssl.SSLContext:
    """A server's context that takes none but clients with a certificate of this authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*server)
    context.load_verify_locations(client_ca)
    context.verify_mode = ssl.CERT_REQUIRED
    return context
