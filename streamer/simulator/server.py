"""The simulated camera: an RTSP 1.0 server for video files. Used by `kirdi camera simulate`.

`rtsp://HOST:PORT/stream` plays all files in turn, `rtsp://HOST:PORT/NAME` one of them. Every client
starts at the beginning at its own PLAY. Media goes through the RTSP connection or over UDP.
"""

import asyncio
import errno
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import structlog

from streamer.errors import CameraError
from streamer.simulator.connection import Connection
from streamer.simulator.credentials import Credentials
from streamer.simulator.limits import Limits
from streamer.simulator.programme_list import ProgrammeList
from streamer.simulator.rtsp import Response

DEFAULT_PORT = 8554
_READER_THREADS = 4

_log = structlog.get_logger()


class CameraSimulator:
    """Plays video files as an IP camera would.

    Args:
        files: H.264 or H.265 video files, at least one.
        host: Address to listen on.
        port: Port to listen on; 0 picks a free one.
        credentials: Name and password to ask for (Digest and Basic), or None.
        loop: Begin again at the end, with times that go on; otherwise end with RTCP BYE.
        speed: How many times faster than real time pictures are sent; times stay the file's.
        limits: Bounds and time-outs.
    """

    def __init__(
        self,
        files: Sequence[Path],
        *,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        credentials: Credentials | None = None,
        loop: bool = False,
        speed: float = 1.0,
        limits: Limits | None = None,
    ) -> None:
        if speed <= 0:
            raise ValueError("speed must be positive")
        self._files = tuple(files)
        self._host = host
        self._port = port
        self._credentials = credentials
        self._loop = loop
        self._speed = speed
        self._limits = limits or Limits()
        self._programmes: ProgrammeList | None = None
        self._server: asyncio.Server | None = None
        self._executor: ThreadPoolExecutor | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Look into the files and listen.

        Raises:
            InputError: A file is absent, no video, or in a codec that is not sent.
            CameraError: The address or port cannot be had.
        """
        programmes = await asyncio.to_thread(ProgrammeList.open, self._files, loop=self._loop)
        try:
            server = await asyncio.start_server(self._on_client, self._host, self._port)
        except (OSError, OverflowError) as error:
            raise CameraError(self._why_not(error)) from error
        self._programmes = programmes
        self._executor = ThreadPoolExecutor(_READER_THREADS, thread_name_prefix="simulator")
        self._server = server
        self._port = server.sockets[0].getsockname()[1]
        _log.info("simulator.started", urls=self.urls)

    async def stop(self) -> None:
        """Hang up on everyone and close; may be called twice, or before `start`."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await server.wait_closed()
        if self._executor is not None:
            await asyncio.to_thread(self._executor.shutdown)
        _log.info("simulator.stopped")

    async def __aenter__(self) -> "CameraSimulator":
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of all streams, without name and password; the main one first."""
        if self._programmes is None:
            raise RuntimeError("the simulated camera has not been started")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return tuple(f"rtsp://{host}:{self._port}/{quote(path)}" for path in self._programmes.paths)

    @property
    def url(self) -> str:
        """The main stream's address: all files in turn, or the first file's where codecs differ."""
        return self.urls[0]

    @property
    def clients(self) -> int:
        """Connections open now."""
        return len(self._clients)

    async def _on_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= self._limits.max_clients:
            writer.write(Response(503).encode(None))
            writer.close()
            return
        assert self._programmes is not None
        assert self._executor is not None
        connection = Connection(
            reader,
            writer,
            self._programmes,
            self._credentials,
            self._executor,
            self._limits,
            self._speed,
        )
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            await connection.serve()
        finally:
            self._clients.discard(task)

    def _why_not(self, error: Exception) -> str:
        place = f"simulated camera: {self._host}:{self._port}"
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            return f"{place} is in use; choose another with --port, or --port 0 for a free one"
        reason = getattr(error, "strerror", None) or type(error).__name__
        return f"{place} cannot be listened on ({reason}); choose another address or port"
