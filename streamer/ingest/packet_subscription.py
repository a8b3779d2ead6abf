"""One viewer's share of a camera's packets. Made by `PacketFanout`; taken by the live page."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Final, Self

from streamer.domain.encoded_packet import EncodedPacket

MOST_PACKETS: Final = 640
"""More than the longest GOP that is kept: a new viewer gets it at once."""
MOST_BYTES: Final = 8 * 1024 * 1024
LATEST_S: Final = 2.0
"""A viewer who is further behind is given the present instead, from the next keyframe on."""


class PacketSubscription(AsyncIterator[EncodedPacket]):
    """An asynchronous iterator, and a context manager that ends it; belongs to the event loop.

    The first packet, and the first after any that were dropped, is a keyframe. It ends when the
    camera is removed, switched off or changed, and with the service; a camera that is away for a
    while does not end it: `connection` of the packets changes.

    Attributes:
        dropped: Packets this viewer has lost because it did not take them in time.
    """

    def __init__(self, leave: "Callable[[PacketSubscription], None]") -> None:
        """Begin empty.

        Args:
            leave: Is told the end.
        """
        self.dropped = 0
        self._leave = leave
        self._waiting: deque[tuple[float, EncodedPacket]] = deque()
        self._bytes = 0
        self._skipping = True
        self._losing = False
        self._ended = False
        self._news = asyncio.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __anext__(self) -> EncodedPacket:
        """The next packet, as soon as there is one."""
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        _, packet = self._waiting.popleft()
        self._bytes -= len(packet.data)
        return packet

    def close(self) -> None:
        """Look no more; calling it again is harmless."""
        if not self._ended:
            self.end()
            self._leave(self)

    def end(self) -> None:
        """There is nothing to come any more; what waits is dropped."""
        self._ended = True
        self._waiting.clear()
        self._news.set()

    def interrupt(self) -> None:
        """What comes next has nothing to do with what came before."""
        self._skipping, self._losing = True, False

    def put(self, packet: EncodedPacket, now: float) -> None:
        """Offer a packet: from a keyframe on, and while this viewer keeps up, it is taken.

        Args:
            packet: The next one.
            now: Monotonic seconds.
        """
        late = bool(self._waiting) and now - self._waiting[0][0] > LATEST_S
        full = len(self._waiting) >= MOST_PACKETS or self._bytes + len(packet.data) > MOST_BYTES
        if late or full:
            self.dropped += len(self._waiting)
            self._waiting.clear()
            self._bytes = 0
            self._skipping = self._losing = True
        if self._skipping and not packet.is_keyframe:
            self.dropped += self._losing
            return
        self._skipping = self._losing = False
        self._waiting.append((now, packet))
        self._bytes += len(packet.data)
        self._news.set()
