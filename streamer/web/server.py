"""The HTTP server in the service's own loop. Started by `app`, supervised like every other task."""

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager

import structlog
import uvicorn
from starlette.types import ASGIApp

from streamer.errors import KirdiError

log = structlog.get_logger(__name__)

_FINISH_S = 5


class WebServer:
    """Serves an application on one socket until it is told to stop."""

    def __init__(self, application: ASGIApp, host: str, port: int) -> None:
        """Keep what is served where; `bind` takes the address.

        Args:
            application: ASGI.
            host: An address of this machine.
            port: 0 = any that is free.
        """
        self._application = application
        self._host = host
        self._port = port
        self._socket: socket.socket | None = None

    def bind(self) -> tuple[str, int]:
        """Take the address, so that a taken one shows before anything else starts.

        Returns:
            Host and port.

        Raises:
            KirdiError: It cannot be had.
        """
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._port))
        except OSError as error:
            listener.close()
            raise KirdiError(
                f"web: {self._host}:{self._port} cannot be listened on ({error.strerror}); "
                "correct web.host or web.port"
            ) from error
        self._socket = listener
        host, port = listener.getsockname()[:2]
        return str(host), int(port)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until stopped; requests being answered get five seconds more."""
        if self._socket is None:
            self.bind()
        assert self._socket is not None
        server = _Server(self._config())
        serving = asyncio.create_task(server.serve([self._socket]))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            server.should_exit = True
            await serving
        finally:
            stopping.cancel()
            serving.cancel()
            await asyncio.gather(stopping, serving, return_exceptions=True)
            self._socket.close()

    def _config(self) -> uvicorn.Config:
        return uvicorn.Config(
            self._application,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_FINISH_S,
        )


class _Server(uvicorn.Server):
    """Uvicorn's without its signal handlers: signals are the service's."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """See uvicorn."""
        yield
