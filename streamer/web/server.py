"""The HTTP server in the service's own loop. Started by `app`, supervised like every other task."""

import asyncio
import logging
import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from config.settings import Web
from streamer.clock import Clock
from streamer.errors import KirdiError
from streamer.web.acceptor import Acceptor
from streamer.web.connection import Connection
from streamer.web.rules import WebRules
from streamer.web.tls import Certificate

_BACKLOG: Final = 128
_HEAD_BYTES: Final = 16_384
_KEEP_ALIVE_S: Final = 15
_FINISH_S: Final = 5


class WebServer:
    """Serves an application on one socket until it is told to stop."""

    def __init__(
        self,
        application: ASGIApp,
        web: Web,
        clock: Clock,
        stopping: asyncio.Event | None = None,
    ) -> None:
        """Keep what is served where; `bind` takes the address.

        Args:
            application: What answers.
            web: The settings.
            clock: For the certificate's renewal.
            stopping: Set once it stops, so that answers which go on and on end.
        """
        self._stopping = stopping or asyncio.Event()
        self._application = application
        self._web = web
        self._clock = clock
        self._rules = WebRules.of(web)
        self._listener: socket.socket | None = None
        self._certificate: Certificate | None = None
        if web.certificate is not None and web.private_key is not None:
            self._certificate = Certificate(web.certificate, web.private_key)

    def bind(self) -> str:
        """Take the address and read the certificate: what is wrong shows before anything starts.

        Returns:
            Where it listens, as a URL.

        Raises:
            KirdiError: The address is taken, or the certificate cannot be used.
        """
        if self._certificate is not None:
            self._certificate.open()
        host = self._web.host
        listener = socket.socket(
            socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM
        )
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setblocking(False)
            listener.bind((host, self._web.port))
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            raise KirdiError(
                f"web: {host}, port {self._web.port}, cannot be listened on ({error.strerror}); "
                "correct web.host or web.port, or set web.enabled to false"
            ) from error
        self._listener = listener
        name = f"[{host}]" if ":" in host else host
        scheme = "http" if self._certificate is None else "https"
        return f"{scheme}://{name}:{listener.getsockname()[1]}"

    def close(self) -> None:
        """Give the address back, if `run` has not."""
        if self._listener is not None:
            self._listener.close()

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until stopped; requests being answered get five seconds more."""
        if self._listener is None:
            self.bind()
        assert self._listener is not None
        # Its words for every crooked request are none of ours; faults are told by `errors`.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        server = _Server(self._config())
        acceptor = Acceptor(
            self._rules,
            lambda lost, uncount: Connection(server.config, server.server_state, lost, uncount),
            None if self._certificate is None else self._certificate.context,
        )
        server.config.load()
        tasks = [
            asyncio.create_task(server.serve(), name="web requests"),
            asyncio.create_task(acceptor.run(self._listener), name="web connections"),
        ]
        if self._certificate is not None:
            renewing = self._certificate.renew(self._clock, stop)
            tasks.append(asyncio.create_task(renewing, name="web certificate"))
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for one in done - {stopping}:
                one.result()
            self._stopping.set()
            # First nobody comes any more, then those who are there are answered.
            tasks[1].cancel()
            server.should_exit = True
            await tasks[0]
        finally:
            for one in (stopping, *tasks):
                one.cancel()
            await asyncio.gather(stopping, *tasks, return_exceptions=True)
            await acceptor.hang_up()
            self._listener.close()

    def _config(self) -> uvicorn.Config:
        return uvicorn.Config(
            self._application,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            # `security.forwarded` believes only whom it should.
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_FINISH_S,
            h11_max_incomplete_event_size=_HEAD_BYTES,
        )


class _Server(uvicorn.Server):
    """Uvicorn's without its signal handlers and its sockets: both are the service's."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """See uvicorn."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn; connections come from `Acceptor`."""
        assert not sockets
        self.servers = []
        self.started = True
