"""One client's connection: reading requests, writing answers, hanging up. Made by `server`."""

import asyncio

import structlog

from streamer.errors import KirdiError
from streamer.simulator.camera import Camera
from streamer.simulator.client_writer import ClientWriter, StalledError
from streamer.simulator.faults.stream_fault import HangUp
from streamer.simulator.rtsp import BadRequest, InterleavedFrame, Message, RequestReader, Response
from streamer.simulator.session import Session

_READ_SIZE = 64 * 1024
_GLANCE_S = 0.2
"""How often a client that is kept waiting is looked for."""

_log = structlog.get_logger()


class Connection:
    """Serves one client until it leaves, falls silent, stalls, or its stream ends."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        camera: Camera,
    ) -> None:
        limits = camera.limits
        self._reader = reader
        self._limits = limits
        self._board = camera.board
        self._writer = ClientWriter(
            writer, output_bytes=limits.output_bytes, stall_timeout_s=limits.stall_timeout_s
        )
        self._requests = RequestReader()
        self._client: str = writer.get_extra_info("peername")[0]
        local: str = writer.get_extra_info("sockname")[0]
        self._heard_at = 0.0
        self._ends_at: float | None = None
        self._waiting: asyncio.Timeout | None = None
        self._session = Session(camera, self._writer, (local, self._client), self._on_heard)

    async def serve(self) -> None:
        """Serve the client; never raises for what a client does."""
        self._on_heard()
        try:
            while data := await self._read():
                for message in self._requests.feed(data):
                    if not await self._handle(message):
                        return
        except StalledError:
            _log.warning("simulator.stalled_client_cut_off", client=self._client)
        except ConnectionError:
            pass  # The client left.
        except asyncio.CancelledError:
            self._writer.abort()
            raise
        finally:
            await self._session.close()
            await self._writer.close()

    async def _read(self) -> bytes:
        """The client's next bytes; none when it left, fell silent, or its stream is over."""
        while True:
            try:
                async with asyncio.timeout_at(self._deadline()) as self._waiting:
                    data = await self._reader.read(_READ_SIZE)
            except TimeoutError:
                # A report over UDP may have moved the deadline meanwhile.
                if asyncio.get_running_loop().time() >= self._deadline():
                    return b""
            else:
                self._on_heard()
                return data
            finally:
                self._waiting = None

    def _deadline(self) -> float:
        silent = self._heard_at + self._limits.session_timeout_s
        return silent if self._ends_at is None else min(silent, self._ends_at)

    def _on_heard(self) -> None:
        self._heard_at = asyncio.get_running_loop().time()

    async def _handle(self, message: Message) -> bool:
        """Answer one message; False where the connection must end."""
        if isinstance(message, InterleavedFrame):
            return True
        if isinstance(message, BadRequest):
            await self._writer.send(Response(message.status).encode(message.cseq))
            return not message.fatal
        response = await self._session.answer(message)
        await self._send(response.encode(message.cseq))
        if message.method == "PLAY" and response.status == 200:
            self._session.after_answer(self._on_stream_end)
        return True

    async def _send(self, answer: bytes) -> None:
        """Send an answer as slowly as the camera's faults want it.

        Raises:
            ConnectionError: The client is gone.
        """
        await self._linger(self._board.answer_delay_s())
        # Media between the bytes of an answer would garble both.
        gap_s = 0.0 if self._session.playing else self._board.answer_gap_s()
        if gap_s == 0:
            await self._writer.send(answer)
            return
        for byte in answer:
            await self._writer.send(bytes((byte,)))
            await self._linger(gap_s)

    async def _linger(self, seconds: float) -> None:
        """Wait, but not for a client that has left meanwhile."""
        until = asyncio.get_running_loop().time() + seconds
        while (left := until - asyncio.get_running_loop().time()) > 0:
            if self._reader.at_eof():
                raise ConnectionResetError("the client left")
            await asyncio.sleep(min(left, _GLANCE_S))

    def _on_stream_end(self, task: "asyncio.Task[None]") -> None:
        """Hang up on a client that stalled or left; give others time to hang up themselves."""
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, StalledError):
            _log.warning("simulator.stalled_client_cut_off", client=self._client)
        elif isinstance(error, HangUp):
            self._end_in(0)
        elif isinstance(error, ConnectionError):
            self._writer.abort()
        elif isinstance(error, KirdiError):
            _log.warning("simulator.file_lost", error=str(error))
            self._writer.abort()
        elif error is not None:
            self._writer.abort()
            raise error
        elif self._session.interleaved:
            # Closing at once could discard what the client has not read yet.
            self._end_in(self._limits.end_grace_s)

    def _end_in(self, seconds: float) -> None:
        """Hang up then, however lively the client is."""
        self._ends_at = asyncio.get_running_loop().time() + seconds
        if self._waiting is not None:
            self._waiting.reschedule(self._deadline())
