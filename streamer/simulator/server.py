"""The simulated camera: an RTSP 1.0 server for video files. Used by `kirdi camera simulate`.

`rtsp://HOST:PORT/stream` plays all files in turn, `rtsp://HOST:PORT/NAME` one of them. Every client
starts at the beginning at its own PLAY. Media goes through the RTSP connection or over UDP.
"""

import asyncio
import errno
import ssl
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import structlog

from streamer.errors import CameraError
from streamer.simulator.camera import Camera
from streamer.simulator.connection import Connection
from streamer.simulator.credentials import Credentials
from streamer.simulator.faults.board import FaultBoard
from streamer.simulator.faults.fault import Fault
from streamer.simulator.limits import Limits
from streamer.simulator.programme_list import ProgrammeList
from streamer.simulator.rtsp import Response
from streamer.simulator.tls_files import TlsFiles

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
        faults: What is wrong with it from the start; `set_faults` changes that.
        tls: Speak rtsps with this certificate; None speaks plain rtsp.

    Raises:
        ValueError: The speed is not positive, or a fault is given twice.
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
        faults: Iterable[Fault] = (),
        tls: TlsFiles | None = None,
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
        self._board = FaultBoard(faults)
        self._tls = tls
        self._camera: Camera | None = None
        self._tls_context: ssl.SSLContext | None = None
        self._server: asyncio.Server | None = None
        self._changing_port = asyncio.Lock()
        self._stopped = False
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Look into the files and listen.

        Raises:
            InputError: A file is absent, no video, or in a codec that is not sent; the certificate
                cannot be used.
            CameraError: The address or port cannot be had.
        """
        self._stopped = False
        programmes = await asyncio.to_thread(ProgrammeList.open, self._files, loop=self._loop)
        if self._tls is not None:
            self._tls_context = await asyncio.to_thread(self._tls.context)
        await self._listen()
        executor = ThreadPoolExecutor(_READER_THREADS, thread_name_prefix="simulator")
        self._camera = Camera(
            programmes, self._credentials, executor, self._limits, self._speed, self._board
        )
        _log.info("simulator.started", urls=self.urls)
        if self._board.closes_port:
            await self._close_port()

    async def stop(self) -> None:
        """Hang up on everyone and close; may be called twice, or before `start`."""
        if self._camera is None or self._stopped:
            return
        self._stopped = True
        async with self._changing_port:
            await self._hang_up()
        await asyncio.to_thread(self._camera.executor.shutdown)
        _log.info("simulator.stopped", **self._camera.done, faults=self._board.counts)

    async def set_faults(self, faults: Iterable[Fault] = ()) -> None:
        """Replace what is wrong with the camera; without arguments it is healthy again.

        Connections stay, unless the port is to be closed. What is playing meets the new faults
        within some two seconds, for pictures are read ahead.

        Raises:
            ValueError: A fault is given twice.
            CameraError: The port is to be open again, and another program has it by now.
        """
        self._board.set(faults)
        _log.info("simulator.faults", names=[fault.name for fault in self._board.faults])
        async with self._changing_port:
            if self._camera is None or self._stopped:
                return
            if self._board.closes_port and self._server is not None:
                await self._close_port()
            elif not self._board.closes_port and self._server is None:
                await self._listen()

    async def _listen(self) -> None:
        try:
            self._server = await asyncio.start_server(
                self._on_client, self._host, self._port, ssl=self._tls_context
            )
        except (OSError, OverflowError) as error:
            raise CameraError(self._why_not(error)) from error
        self._port = self._server.sockets[0].getsockname()[1]

    async def _close_port(self) -> None:
        for fault in self._board.faults:
            if fault.closes_port:
                self._board.fired(fault.name)
        await self._hang_up()

    async def _hang_up(self) -> None:
        """Stop listening, and end all connections."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        if server is not None:
            await server.wait_closed()

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
        if self._camera is None:
            raise RuntimeError("the simulated camera has not been started")
        host = f"[{self._host}]" if ":" in self._host else self._host
        root = f"{'rtsp' if self._tls is None else 'rtsps'}://{host}:{self._port}/"
        return tuple(root + quote(path) for path in self._camera.programmes.paths)

    @property
    def url(self) -> str:
        """The main stream's address: all files in turn, or the first file's where codecs differ."""
        return self.urls[0]

    @property
    def clients(self) -> int:
        """Connections open now."""
        return len(self._clients)

    @property
    def counts(self) -> dict[str, int]:
        """What it has done since it was made: connections, sessions, pictures, faults by name.

        The pictures of a session count when it ends.
        """
        done = {} if self._camera is None else dict(self._camera.done)
        return done | self._board.counts

    async def _on_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= self._limits.max_clients:
            writer.write(Response(503).encode(None))
            writer.close()
            return
        if self._camera is None or self._server is None:
            writer.close()  # The port has been closed meanwhile.
            return
        self._camera.done["connections"] += 1
        connection = Connection(reader, writer, self._camera)
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            await connection.serve()
        except asyncio.CancelledError:
            pass  # Only `_hang_up` cancels; asyncio prints a traceback for a handler that says so.
        finally:
            self._clients.discard(task)

    def _why_not(self, error: Exception) -> str:
        place = f"simulated camera: {self._host}:{self._port}"
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            return f"{place} is in use; choose another with --port, or --port 0 for a free one"
        reason = getattr(error, "strerror", None) or type(error).__name__
        return f"{place} cannot be listened on ({reason}); choose another address or port"
