"""The service's end of the pipe that a decoder process puts encoded packets into.

Read on the event loop, a bounded piece at a time. The decoder is not trusted: what is no packet, or
too much, ends its connection, see `fault`.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from streamer.domain.stream_format import StreamFormat
from streamer.ingest.packet_wire import PacketParser, WirePacket
from streamer.ingest.protocol import ProtocolError

_PIPE_BYTES: Final = 1024 * 1024
"""The most an ordinary user may ask for; where the kernel gives less, the decoder keeps more."""
_PIECE_BYTES: Final = 256 * 1024
_BYTES_A_SECOND: Final = 32 * 1024 * 1024
"""More is no camera, and would starve the loop."""

Sink = Callable[[StreamFormat, WirePacket], None]


class PacketPipe:
    """One pipe, from `open` to `close`. Use it on the event loop's thread."""

    def __init__(self, sink: Sink) -> None:
        """Make a handle; nothing is opened.

        Args:
            sink: Gets every packet with the format it has.
        """
        self._sink = sink
        self._parser = PacketParser()
        self._format: StreamFormat | None = None
        self._descriptor: int | None = None
        self._opened_ns = 0
        self._window_ends = 0.0
        self._bytes = 0
        self.fault = ""
        """What the decoder sent that it may not; empty while all is well."""

    def open(self, since_ns: int) -> int:
        """Open the pipe and begin to read.

        Args:
            since_ns: No packet can have arrived before; monotonic.

        Returns:
            The end to write into; the caller gives it away and closes its own.

        Raises:
            OSError: There is no descriptor left.
        """
        read, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._descriptor, self._opened_ns = read, since_ns
        # Refused where this user has many large pipes already: it works with less, too.
        with suppress(OSError):
            fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        asyncio.get_running_loop().add_reader(read, self._read, read)
        return write

    def close(self) -> None:
        """Read no more; the decoder notices at its next packet. Harmless to call again."""
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _read(self, descriptor: int) -> None:
        try:
            piece = os.read(descriptor, _PIECE_BYTES)
        except BlockingIOError:
            return
        if not piece:
            self.close()
            return
        try:
            self._limit_rate(len(piece))
            for one in self._parser.feed(piece):
                self._take(one)
        except ProtocolError as error:
            self.fault = str(error)
            self.close()

    def _take(self, one: StreamFormat | WirePacket) -> None:
        if isinstance(one, StreamFormat):
            self._format = one
        elif self._format is None:
            raise ProtocolError("a packet before its format")
        elif not self._opened_ns <= one.arrived_ns <= time.monotonic_ns():
            raise ProtocolError("a packet from another time")
        else:
            self._sink(self._format, one)

    def _limit_rate(self, size: int) -> None:
        now = time.monotonic()
        if now >= self._window_ends:
            self._window_ends, self._bytes = now + 1.0, 0
        self._bytes += size
        if self._bytes > _BYTES_A_SECOND:
            raise ProtocolError("a flood of packets")
