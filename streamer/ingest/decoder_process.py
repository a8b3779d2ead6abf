"""The service's end of a camera's decoder process: starts it, hears it, ends it.

The process is a stranger once it has touched foreign video: whatever it sends is checked, and
anything unexpected is a failure of that connection and of nothing else.
"""

import array
import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from matcher.face import Image
from streamer.ingest.camera_url import redact
from streamer.ingest.child_process import ChildProcess
from streamer.ingest.condition import Condition
from streamer.ingest.decoder_command import (
    Command,
    ForgetReference,
    Hold,
    Pace,
    Release,
    Request,
    Stop,
    View,
    pack_command,
)
from streamer.ingest.packet_pipe import PacketPipe, Sink
from streamer.ingest.protocol import (
    MAX_DATAGRAM_BYTES,
    Counters,
    Failure,
    FailureKind,
    Geometry,
    Opened,
    ProtocolError,
    Reference,
    Written,
    one_line,
    parse_report,
)
from streamer.ingest.readiness import Readiness
from streamer.ingest.slot_reader import SlotReader

_REPORTS_A_SECOND: Final = 1000
_LAST_WORDS_S: Final = 0.5
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")

# Room for one descriptor: the kernel closes any more that a decoder might send.
_ANCILLARY_BYTES: Final = socket.CMSG_SPACE(array.array("i").itemsize)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture in shared memory.

    Attributes:
        image: RGB uint8 (h, w, 3), read-only.
        age_s: Time since its packet arrived.
        pts: Presentation time, seconds.
        counters: The decoder's totals with this picture.
        release: Gives the slot back; safe to call twice, from any thread, and after the end.
    """

    image: Image = field(repr=False)
    age_s: float
    pts: float | None
    counters: Counters
    release: Callable[[], None] = field(repr=False)


Received = Opened | Picture | Counters | Failure | Condition | Reference


class DecoderProcess:
    """One decoder process, from `start` to `stop`. Use it from the event loop's thread."""

    def __init__(
        self, request: Request, spawn: Callable[[socket.socket], ChildProcess] = ChildProcess.start
    ) -> None:
        """Make a handle; nothing is started.

        Args:
            request: What the decoder is told.
            spawn: Starts the process with its end of the socket; a test may supply another.
        """
        self._request = request
        self._spawn = spawn
        self._child: ChildProcess | None = None
        self._link: socket.socket | None = None
        self._readiness: Readiness | None = None
        self._sending = threading.Lock()
        self._slots: SlotReader | None = None
        self._pipe: PacketPipe | None = None
        self._counters = Counters()
        self._started_ns = 0
        self._window_ends = 0.0
        self._reports = 0

    @property
    def pid(self) -> int | None:
        """The process id, once started."""
        return None if self._child is None else self._child.pid

    def start(self) -> None:
        """Start the process and tell it what to open.

        Raises:
            OSError: No process or descriptor is to be had.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link, self._readiness = ours, Readiness(ours.fileno())
        self._started_ns = time.monotonic_ns()
        with theirs:
            ours.setblocking(False)
            self._child = self._spawn(theirs)
        self._send(self._request)

    async def receive(self, timeout_s: float, stop: asyncio.Event) -> Received | None:
        """Wait for what the decoder says next; None after the time-out or when `stop` is set.

        The end of the process, and anything it may not send, is a `Failure` too.
        """
        assert self._link is not None
        assert self._readiness is not None
        assert self._child is not None
        deadline = time.monotonic() + timeout_s
        while not stop.is_set():
            if self._pipe is not None and self._pipe.fault:
                return Failure(FailureKind.GARBLED, f"the decoder sent {self._pipe.fault}")
            # Seldom are there two at once: to try before waiting would mostly be in vain.
            if not await self._readiness.wait(max(0.0, deadline - time.monotonic()), stop):
                return None
            try:
                return self._read(self._link)
            except BlockingIOError:
                continue
            except EOFError:
                return Failure(FailureKind.DIED, await self._child.last_words(_LAST_WORDS_S))
            except ProtocolError as error:
                return Failure(FailureKind.GARBLED, f"the decoder sent {error}")
        return None

    def tell(self, command: Hold | Pace | ForgetReference) -> None:
        """Say what is wanted of it from now on; harmless before the start and after the end."""
        self._send(command)

    def view(self, sink: Sink) -> None:
        """Have the encoded packets passed on, from the last keyframe on, until `unview`.

        What may not come through that pipe ends the connection, as anything else would.

        Args:
            sink: Gets every packet, on the event loop.

        Raises:
            OSError: There is no descriptor left, or the decoder does not listen.
        """
        assert self._link is not None
        self.unview()
        self._pipe = PacketPipe(sink)
        theirs = self._pipe.open(self._started_ns)
        try:
            with self._sending:
                socket.send_fds(self._link, [pack_command(View())], [theirs], socket.MSG_DONTWAIT)
        except OSError:
            self.unview()
            raise
        finally:
            os.close(theirs)

    def unview(self) -> None:
        """Nobody looks any more."""
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    def memory_bytes(self) -> int | None:
        """The memory the process has for itself; None where it has none or the kernel won't say.

        That is its resident memory without shared pages: what leaks grows there, and neither the
        frame slots nor the libraries count. Unlike the proportional size it costs one short read.
        """
        if self._child is None:
            return None
        try:
            pages = Path(f"/proc/{self._child.pid}/statm").read_text(encoding="ascii").split()
            return (int(pages[1]) - int(pages[2])) * _PAGE_BYTES
        except (OSError, ValueError, IndexError):
            return None

    async def stop(self, hurry: asyncio.Event) -> None:
        """End and reap the process; pictures that are still lent stay valid.

        Args:
            hurry: Set when the service is stopping: it then takes two seconds at most, not five.
        """
        child, self._child = self._child, None
        self._slots = None
        self.unview()
        if self._readiness is not None:
            self._readiness.close()
        try:
            if child is not None:
                await child.end(lambda: self._send(Stop()), hurry)
        finally:
            with self._sending:
                if self._link is not None:
                    self._link.close()

    def _read(self, link: socket.socket) -> Received:
        """Read one datagram.

        Raises:
            BlockingIOError: There is none.
            EOFError: The decoder closed its end.
            ProtocolError: It is not what it should be.
        """
        try:
            data, ancillary, flags = _receive(link)
        except ConnectionResetError:
            # It left something of ours unread. The kernel says so once, before its last words.
            data, ancillary, flags = _receive(link)
        descriptors = _descriptors(ancillary)
        try:
            if not data:
                raise EOFError
            self._limit_rate()
            if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
                raise ProtocolError("more than was agreed")
            return self._understand(data, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _understand(self, data: bytes, descriptors: list[int]) -> Received:
        report = parse_report(data)
        if len(descriptors) != isinstance(report, Geometry):
            raise ProtocolError(f"{len(descriptors)} descriptors with {type(report).__name__}")
        match report:
            case Geometry():
                self._adopt(report, descriptors[0])
                return self._counters  # nothing new: only the pictures after it are news
            case Written():
                self._count(report.counters)
                return self._lend(report)
            case Counters():
                self._count(report)
                return report
            case Failure():
                text = one_line(redact(report.text, self._request.secrets))
                return Failure(report.kind, text)
            case Opened() | Condition() | Reference():
                return report

    def _adopt(self, geometry: Geometry, descriptor: int) -> None:
        if self._slots is not None and geometry.generation <= self._slots.geometry.generation:
            raise ProtocolError(f"generation {geometry.generation} again")
        self._slots = SlotReader(geometry, descriptor)

    def _count(self, counters: Counters) -> None:
        if not counters.goes_on_from(self._counters):
            raise ProtocolError("counters that run backwards")
        self._counters = counters

    def _lend(self, written: Written) -> Picture:
        slots = self._slots
        if slots is None or slots.geometry.generation != written.generation:
            raise ProtocolError("a picture outside its memory")
        now_ns = time.monotonic_ns()
        if not self._started_ns <= written.arrived_ns <= now_ns:
            raise ProtocolError("a picture from another time")
        return Picture(
            image=slots.lend(written.slot),
            age_s=(now_ns - written.arrived_ns) / 1e9,
            pts=written.pts,
            counters=written.counters,
            release=_once(lambda: self._take_back(slots, written.slot)),
        )

    def _take_back(self, slots: SlotReader, slot: int) -> None:
        slots.take_back(slot)
        if slots is self._slots:
            self._send(Release(slots.geometry.generation, slot))

    def _send(self, command: Command) -> None:
        """Tell the decoder; one that is gone or deaf is noticed elsewhere."""
        with self._sending:
            try:
                if self._link is not None:
                    self._link.send(pack_command(command), socket.MSG_DONTWAIT)
            except OSError:
                return

    def _limit_rate(self) -> None:
        """A decoder has a few dozen things a second to say; a flood would starve the loop."""
        now = time.monotonic()
        if now >= self._window_ends:
            self._window_ends, self._reports = now + 1.0, 0
        self._reports += 1
        if self._reports > _REPORTS_A_SECOND:
            raise ProtocolError("a flood of reports")


def _receive(link: socket.socket) -> tuple[bytes, list[tuple[int, int, bytes]], int]:
    """One datagram, its ancillary data and flags."""
    return link.recvmsg(MAX_DATAGRAM_BYTES, _ANCILLARY_BYTES, socket.MSG_CMSG_CLOEXEC)[:3]


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    received = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            received.frombytes(data[: len(data) - len(data) % received.itemsize])
    return list(received)


def _once(action: Callable[[], None]) -> Callable[[], None]:
    """Make `action` harmless to call again, from any thread."""
    done = threading.Lock()

    def call() -> None:
        if done.acquire(blocking=False):
            action()

    return call
