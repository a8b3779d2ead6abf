"""A camera's second stream, connected only while somebody looks. Run by `LiveView`.

A decoder process like any other (sandbox, relay, redaction) that decodes nothing. `run` retries and
`run_once` works.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from streamer.clock import Clock
from streamer.domain.stream_format import StreamFormat
from streamer.errors import InputError
from streamer.ingest.backoff import Backoff
from streamer.ingest.decoder_command import Request
from streamer.ingest.decoder_process import Received
from streamer.ingest.packet_source import PacketTaker, Viewable
from streamer.ingest.packet_wire import WirePacket
from streamer.ingest.protocol import Counters, Failure, FailureKind, Opened
from streamer.ingest.watchdog import Watchdog

_LOOK_S: Final = 0.25
_MEMORY_BYTES: Final = 256 * 1024 * 1024

_log = structlog.get_logger()


class Forwarder(Viewable, Protocol):
    """What is needed of the process."""

    def start(self) -> None:
        """Start it; OSError where that is impossible."""
        ...

    async def receive(self, timeout_s: float, stop: asyncio.Event) -> Received | None:
        """What it says next; None after the time-out or when `stop` is set."""
        ...

    def memory_bytes(self) -> int | None:
        """The memory it has for itself; None where nobody can say."""
        ...

    async def stop(self, hurry: asyncio.Event) -> None:
        """End and reap it."""
        ...


class SubStream:
    """One connection after the other, with the waits between them that the main stream has too."""

    def __init__(
        self,
        camera_id: str,
        taker: PacketTaker,
        clock: Clock,
        request: Callable[[], Request],
        make: Callable[[Request], Forwarder],
    ) -> None:
        """Keep the collaborators; nothing is started.

        Args:
            camera_id: For the log.
            taker: Gets the packets.
            clock: For the waits.
            request: What the process is told; InputError where the address is none.
            make: Makes the process.
        """
        self._camera_id = camera_id
        self._taker = taker
        self._clock = clock
        self._request = request
        self._make = make
        self._backoff = Backoff(random.Random())  # noqa: S311 - jitter is no secret
        self._taken = 0
        self._first_at: float | None = None
        self._last_at = 0.0
        self._reason = ""

    @property
    def reason(self) -> str:
        """Why nothing comes, without secrets; else empty."""
        return self._reason

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver packets until `stop` is set, connecting again after every failure."""
        while not stop.is_set():
            failure = await self.run_once(stop)
            if failure is None:
                break
            self._reason = str(failure)
            first = self._first_at
            healthy_s = 0.0 if first is None else max(self._last_at - first, 1e-9)
            delay = self._backoff.next_delay(failure.kind, healthy_s=healthy_s)
            _log.debug("view.down", camera=self._camera_id, reason=self._reason, retry_in_s=delay)
            if await self._clock.sleep(delay, stop):
                break
        self._reason = ""

    async def run_once(self, stop: asyncio.Event) -> Failure | None:
        """Deliver the packets of one connection.

        Returns:
            Why it ended; None when `stop` was set.
        """
        self._taken, self._first_at = 0, None
        try:
            process = self._make(self._request())
        except InputError as error:
            return Failure(FailureKind.OTHER, str(error))
        try:
            process.start()
            self._taker.connected()
            process.view(self._take)
            return await self._follow(process, stop)
        except OSError as error:
            return Failure(FailureKind.NOT_STARTED, error.strerror or "no process")
        finally:
            process.unview()
            self._taker.disconnected()
            await process.stop(stop)

    async def _follow(self, process: Forwarder, stop: asyncio.Event) -> Failure | None:
        request = self._request()
        began = self._clock.monotonic()
        watchdog = Watchdog(request.connect_timeout_s, request.read_timeout_s, began)
        while not stop.is_set():
            message = await process.receive(_LOOK_S, stop)
            now = self._clock.monotonic()
            match message:
                case Failure():
                    return message
                case Opened():
                    watchdog.opened(now)
            # Here a packet is all that is wanted: it counts as a sound frame does elsewhere.
            watchdog.see(Counters(decoded=self._taken), now)
            if (overdue := watchdog.overdue(now)) is not None:
                return overdue
            if (process.memory_bytes() or 0) > _MEMORY_BYTES:
                return Failure(FailureKind.RECYCLED, "its process had grown too large")
        return None

    def _take(self, given: StreamFormat, packet: WirePacket) -> None:
        self._taken += 1
        self._last_at = self._clock.monotonic()
        self._first_at = self._first_at or self._last_at
        self._reason = ""
        self._taker.take(given, packet)
