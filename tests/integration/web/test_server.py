"""The server itself: what it takes, from whom, for how long; certificates; start and stop."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.settings import Web
from streamer.clock import SystemClock
from streamer.errors import KirdiError
from streamer.web import connection as connections
from streamer.web import tls
from streamer.web.place import announce, announced, withdraw
from streamer.web.server import WebServer
from tests.certificates import make_certificate
from tests.integration.web.conftest import Serve, settings_of
from tests.integration.web.served import ServedApi

HEAD = b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n"


async def raw(port: int, *pieces: bytes, tls: ssl.SSLContext | None = None) -> bytes:
    """Send, and read until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), 20)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_heads_and_bodies_have_a_size(api: ServedApi) -> None:
    long_head = HEAD + b"X: " + b"a" * 20_000 + b"\r\nConnection: close\r\n\r\n"
    assert (await raw(api.port, long_head)).startswith((b"HTTP/1.1 431", b"HTTP/1.1 400"))
    many = b"".join(b"X-%d: a\r\n" % number for number in range(4_000))
    answered = await raw(api.port, HEAD + b"Connection: close\r\n" + many + b"\r\n")
    # Cut off half-way the answer may be lost with the connection.
    assert answered.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400")) or answered == b""
    client = await api.client()
    body = b'{"account": "' + b"a" * (1 << 20) + b'", "password": "x"}'
    answer = await client.post(
        "/session", content=body, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (
        413,
        "application/problem+json",
    )

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"a" * 65_536

    chunked = await client.post(
        "/session", content=endless(), headers={"content-type": "application/json"}
    )
    assert chunked.status_code == 413
    assert (await client.get("/health")).status_code == 200


async def test_who_sends_slowly_is_cut_off(api: ServedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.3)
    # Nothing at all, and a head that never ends.
    assert set(await asyncio.gather(raw(api.port), raw(api.port, HEAD))) == {b""}
    # Another request's beginning on a connection that was kept.
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(HEAD + b"\r\n")
    await reader.readuntil(b'"pass"}')
    writer.write(b"GET /ap")
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()
    # More bytes give no more time.
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(HEAD)
    for _ in range(100):
        writer.write(b"X: a\r\n")
        await asyncio.sleep(0.05)
        if reader.at_eof():
            break
    assert reader.at_eof()
    writer.close()


async def test_a_body_that_does_not_come_ends_the_request(
    api: ServedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    from streamer.web.security import slow_bodies

    assert slow_bodies.SlowBodies.limits == (10.0, 60.0)
    monkeypatch.setattr(slow_bodies.SlowBodies, "limits", (0.3, 0.5))
    head = b"POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    answer = await raw(api.port, head + b"Content-Length: 50\r\n\r\n", b'{"account"')
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"application/problem+json" in answer


async def test_one_address_takes_so_many_places_and_others_wait(serve: Serve) -> None:
    async with serve(settings_of()) as api:
        held = [await asyncio.open_connection("127.0.0.1", api.port) for _ in range(64)]
        assert await raw(api.port, HEAD + b"\r\n") == b""
        for _, writer in held:
            writer.close()
        for _ in range(200):
            answer = await raw(api.port, HEAD + b"Connection: close\r\n\r\n")
            if answer.startswith(b"HTTP/1.1 200"):
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("the places were not given back")


@asynccontextmanager
async def with_certificate(serve: Serve, folder: Path) -> AsyncIterator[ServedApi]:
    certificate, key = make_certificate(folder)
    web = Web(
        port=0,
        certificate=certificate,
        private_key=key,
        public_url="https://kirdi.clinic.example",
    )
    async with serve(settings_of(web)) as api:
        yield api


async def test_with_a_certificate_it_speaks_tls_and_insists(serve: Serve, tmp_path: Path) -> None:
    async with with_certificate(serve, tmp_path / "tls") as api:
        assert api.url.startswith("https://")
        client = await api.client()
        answer = await client.get("/health", headers={"Host": "kirdi.clinic.example"})
        assert answer.status_code == 200
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        # In the clear, and with what is too old, nobody gets anywhere.
        assert await raw(api.port, HEAD + b"\r\n") == b""
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, OSError)):
            await raw(api.port, HEAD + b"\r\n", tls=old)


async def test_a_renewed_certificate_is_taken_over(tmp_path: Path) -> None:
    files = make_certificate(tmp_path)
    held = tls.Certificate(*files, look_every_s=0.05)
    context, stop = held.open(), asyncio.Event()
    renewing = asyncio.create_task(held.renew(SystemClock(), stop))
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]

    async def shown() -> bytes | None:
        plain = ssl.create_default_context()
        plain.check_hostname, plain.verify_mode = False, ssl.CERT_NONE
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=plain)
        found: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return found

    first = await shown()
    # One that is no good leaves the former in place.
    files[0].write_text("not a certificate")
    await asyncio.sleep(0.3)
    assert await shown() == first
    make_certificate(tmp_path)
    for _ in range(200):
        if await shown() != first:
            break
        await asyncio.sleep(0.05)
    assert await shown() != first
    stop.set()
    await renewing
    server.close()


def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path / "a")
    _, other = make_certificate(tmp_path / "b")
    public = "https://kirdi.clinic.example"

    async def nothing(*_: object) -> None: ...

    for one, two, words in (
        (certificate, other, "belong together"),
        (tmp_path / "none.pem", key, "cannot be read"),
        (key, key, "PEM"),
    ):
        web = Web(port=0, certificate=one, private_key=two, public_url=public)
        with pytest.raises(KirdiError, match=words):
            WebServer(nothing, web, SystemClock()).bind()


def test_a_taken_port_is_named_at_once() -> None:
    async def nothing(*_: object) -> None: ...

    first = WebServer(nothing, Web(port=0), SystemClock())
    port = int(first.bind().rpartition(":")[2])
    try:
        with pytest.raises(KirdiError, match=r"web\.port"):
            WebServer(nothing, Web(port=port), SystemClock()).bind()
    finally:
        first.close()


async def test_requests_being_answered_are_finished_and_idle_ones_hung_up() -> None:
    begun, go_on, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(scope: object, receive: object, send: object) -> None:
        begun.set()
        await go_on.wait()
        assert callable(send)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    server = WebServer(slow, Web(port=0), SystemClock())
    port = int(server.bind().rpartition(":")[2])
    running = asyncio.create_task(server.run(stop))
    idle = asyncio.create_task(raw(port))
    asked = asyncio.create_task(raw(port, HEAD + b"\r\n"))
    await asyncio.wait_for(begun.wait(), 10)
    stop.set()
    await asyncio.sleep(0.2)
    go_on.set()
    assert b"done" in await asked
    assert await idle == b""
    await asyncio.wait_for(running, 15)


def test_the_commands_find_the_address(tmp_path: Path) -> None:
    assert announced(tmp_path) is None
    announce(tmp_path, "http://127.0.0.1:1", None)
    assert (tmp_path / "web.json").stat().st_mode & 0o777 == 0o600
    found = announced(tmp_path)
    assert found is not None
    assert found["url"] == "http://127.0.0.1:1"
    withdraw(tmp_path)
    withdraw(tmp_path)
    assert announced(tmp_path) is None
    (tmp_path / "web.json").write_text("half a")
    assert announced(tmp_path) is None
