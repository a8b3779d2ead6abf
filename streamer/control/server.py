"""The service's end of the control socket. Started by `app`, beside the cameras."""

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import structlog

from streamer.control.messages import (
    ENDS_WITH_WHO_ASKS,
    MAX_REQUEST_BYTES,
    Reply,
    Request,
    pack,
    parse_request,
)
from streamer.control.place import socket_path
from streamer.errors import KirdiError

log = structlog.get_logger(__name__)

_MOST_AT_ONCE: Final = 8
_READ_S: Final = 5.0
_WRITE_S: Final = 5.0
# For commands being carried out when the service stops; below what the service waits for its tasks.
_FINISH_S: Final = 5.0
_CREDENTIALS: Final = struct.Struct("3i")


class ControlServer:
    """Answers one request per connection, of the service's own user only.

    At most eight connections at once, each with time-outs: whoever connects and says nothing takes
    a place for five seconds and nothing else.
    """

    def __init__(self, home: Path, answer: Callable[[Request], Awaitable[Reply]]) -> None:
        """Keep where it listens and what answers; `run` begins.

        Args:
            home: The home folder. Its service lock must be held: a socket found there is stale.
            answer: Carries a request out; what it raises as KirdiError is told to whoever asked.
        """
        self._home = home
        self._answer = answer
        self._serving: set[asyncio.Task[None]] = set()
        self._answering: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until stopped; whoever has asked by then is answered, in five seconds or never.

        Raises:
            KirdiError: The socket cannot be made.
        """
        with closing(self._listen()) as listener:
            server = await asyncio.start_unix_server(
                self._accept, sock=listener, limit=MAX_REQUEST_BYTES
            )
            try:
                await stop.wait()
            finally:
                server.close()
                self._remove()
                await self._hang_up()

    async def _hang_up(self) -> None:
        """Whoever has said nothing yet is not waited for."""
        for task in self._serving - self._answering:
            task.cancel()
        try:
            if self._answering:
                await asyncio.wait(self._answering, timeout=_FINISH_S)
        finally:
            serving = tuple(self._serving)
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # Of a socket that is not bound yet, this decides the mode it gets in the folder.
            os.fchmod(listener.fileno(), 0o600)
            self._remove()
            with socket_path(self._home) as path:
                listener.bind(path)
            listener.listen(_MOST_AT_ONCE)
        except OSError as error:
            listener.close()
            raise KirdiError(
                f"service: no control socket can be made in {self._home} ({error.strerror}); "
                "look at the folder's rights"
            ) from error
        return listener

    def _remove(self) -> None:
        with socket_path(self._home) as path:
            Path(path).unlink(missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            reply = await self._reply(reader, writer, task)
            async with asyncio.timeout(_WRITE_S):
                writer.write(pack(reply))
                await writer.drain()
        except (OSError, TimeoutError) as error:
            log.debug("control connection lost", reason=str(error) or type(error).__name__)
        except asyncio.CancelledError:
            # Only `_hang_up` cancels; raised on, asyncio's streams would log it as a fault.
            log.debug("control connection dropped: the service stops")
        finally:
            self._serving.discard(task)
            self._answering.discard(task)
            writer.close()

    async def _carry_out(self, request: Request, reader: asyncio.StreamReader) -> Reply:
        """Have it answered; what ends with who asks ends when they hang up.

        Raises:
            KirdiError: Why nothing was done.
        """
        if request.verb not in ENDS_WITH_WHO_ASKS:
            return await self._answer(request)
        answer = asyncio.ensure_future(self._answer(request))
        gone = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise KirdiError("service: whoever asked hung up; what was asked for has ended")
            return answer.result()
        finally:
            gone.cancel()
            answer.cancel()
            await asyncio.gather(answer, gone, return_exceptions=True)

    async def _reply(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        task: asyncio.Task[None],
    ) -> Reply:
        try:
            if len(self._serving) > _MOST_AT_ONCE:
                raise KirdiError("service: too many commands at once; try again in a moment")
            async with asyncio.timeout(_READ_S):
                line = await reader.readuntil(b"\n")
            self._answering.add(task)
            _check_peer(writer.get_extra_info("socket"))
            return await self._carry_out(parse_request(line), reader)
        except KirdiError as error:
            return Reply(exit_code=error.exit_code, error=str(error))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return Reply(exit_code=1, error="service: the request is cut off or too long")


def _check_peer(link: socket.socket) -> None:
    """The folder may be open to others, and so may the socket after a careless chmod."""
    _, user, _ = _CREDENTIALS.unpack(
        link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    )
    if user != os.geteuid():
        raise KirdiError("service: it takes commands of its own user only; run as that user")
