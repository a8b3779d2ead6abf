"""Takes connections, so many and no more. Used by `server`.

Not asyncio's own server: that one accepts without end, and descriptors are the cameras', too.
"""

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Final

import structlog

from streamer.web.rules import WebRules
from streamer.web.security.forwarded import within
from streamer.web.security.rate_limits import neighbourhood

log = structlog.get_logger(__name__)

MOST: Final = 768
"""Connections at once; more wait in the kernel's queue. Six hundred pages may follow the day, with
a connection each (`events.hub`)."""

MOST_FROM_ONE: Final = 64
"""Of one address, unless it is a proxy of ours. A page's stream is not counted: whoever has signed
in is limited by their account, and a whole clinic may come through one router."""

HANDSHAKE_S: Final = 10.0
_PAUSE_S: Final = 0.2


class Acceptor:
    """Hands each connection to a protocol, over TLS if there is a certificate."""

    def __init__(
        self,
        rules: WebRules,
        make: Callable[[Callable[[], None], Callable[[], None]], asyncio.Protocol],
        tls: ssl.SSLContext | None,
        most: int = MOST,
        most_from_one: int = MOST_FROM_ONE,
    ) -> None:
        """Keep the collaborators.

        Args:
            rules: Who the proxies are, and whether anybody else may come.
            make: Makes a protocol. What it is given is to be called when the connection ends, and
                when somebody else begins to limit it: its address does not count it then.
            tls: None = in the clear: this machine and the proxies only.
            most: Connections at once.
            most_from_one: Of one address.
        """
        self._rules = rules
        self._make = make
        self._tls = tls
        self._most_from_one = most_from_one
        self._places = asyncio.Semaphore(most)
        self._from: Counter[str] = Counter()
        self._serving: set[asyncio.Task[None]] = set()

    async def run(self, listener: socket.socket) -> None:
        """Accept until cancelled; connections that are there go on."""
        loop = asyncio.get_running_loop()
        while True:
            await self._places.acquire()
            try:
                connection, peer = await loop.sock_accept(listener)
            except OSError as error:
                # No descriptor left: whoever waits goes on waiting.
                self._places.release()
                log.warning("no connection can be accepted", reason=error.strerror)
                await asyncio.sleep(_PAUSE_S)
                continue
            except BaseException:
                self._places.release()
                raise
            place = neighbourhood(str(peer[0]))
            if not self._may_come(str(peer[0]), place):
                connection.close()
                self._places.release()
                continue
            self._from[place] += 1
            task = loop.create_task(self._serve(connection, place))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

    async def hang_up(self) -> None:
        """Cut whoever is still there."""
        for task in tuple(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _may_come(self, address: str, place: str) -> bool:
        if within(address, self._rules.proxies):
            return True
        if self._tls is None and not ip_address(address.partition("%")[0]).is_loopback:
            return False
        return self._from[place] < self._most_from_one

    async def _serve(self, connection: socket.socket, place: str) -> None:
        lost, counted = asyncio.Event(), True

        def uncount() -> None:
            nonlocal counted
            if not counted:
                return
            counted = False
            self._from[place] -= 1
            if self._from[place] <= 0:
                del self._from[place]

        transport: asyncio.BaseTransport | None = None
        try:
            limits = {} if self._tls is None else {"ssl_handshake_timeout": HANDSHAKE_S}
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            transport, _ = await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._make(lost.set, uncount), connection, ssl=self._tls, **limits
            )
            await lost.wait()
        except (OSError, TimeoutError) as error:
            log.debug("connection lost", reason=type(error).__name__)
        finally:
            if transport is not None and not lost.is_set():
                with suppress(AttributeError):
                    transport.abort()  # type: ignore[attr-defined]
            connection.close()
            self._places.release()
            uncount()
