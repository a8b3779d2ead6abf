"""One viewer's share of a broadcast, within bounds. Belongs to the media thread's loop."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from streamer.web.media.video_packet import VideoPacket

MOST_PACKETS: Final = 640
"""More than the longest GOP that is kept: who begins gets it at once."""
MOST_BYTES: Final = 8 * 1024 * 1024
LATEST_S: Final = 2.0
"""Who is further behind is given the present instead, from the next keyframe on."""


class ViewerQueue:
    """Packets that wait to be sent. The first, and the first after a gap, is a keyframe.

    Attributes:
        dropped: Packets this viewer has lost.
    """

    def __init__(self, leave: "Callable[[ViewerQueue], None]") -> None:
        """Begin empty; `leave` is told the end."""
        self.dropped = 0
        self._leave = leave
        self._waiting: deque[tuple[float, VideoPacket]] = deque()
        self._bytes = 0
        self._skipping = True
        self._ended = False
        self._news = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many packets wait."""
        return len(self._waiting)

    async def get(self) -> VideoPacket | None:
        """The next packet, as soon as there is one; None once there will be no more."""
        while not self._waiting:
            if self._ended:
                return None
            self._news.clear()
            await self._news.wait()
        _, packet = self._waiting.popleft()
        self._bytes -= len(packet.data)
        return packet

    def put(self, packet: VideoPacket) -> None:
        """Offer a packet; taken from a keyframe on, while this viewer keeps up."""
        if self._ended:
            return
        late = bool(self._waiting) and packet.at - self._waiting[0][0] > LATEST_S
        full = len(self._waiting) >= MOST_PACKETS or self._bytes + len(packet.data) > MOST_BYTES
        if late or full:
            self.dropped += len(self._waiting)
            self._waiting.clear()
            self._bytes = 0
            self._skipping = True
        if self._skipping and not packet.is_keyframe:
            self.dropped += 1
            return
        self._skipping = False
        self._waiting.append((packet.at, packet))
        self._bytes += len(packet.data)
        self._news.set()

    def begin(self, packets: list[VideoPacket]) -> None:
        """Take what came since the last keyframe, however old that is."""
        for packet in packets:
            self._skipping = False
            # They are no later than the newest of them.
            self._waiting.append((packets[-1].at, packet))
            self._bytes += len(packet.data)
        self._news.set()

    def skip(self) -> None:
        """What comes next has nothing to do with what came before."""
        self._skipping = True

    def end(self) -> None:
        """There is nothing to come any more; what waits is dropped."""
        if not self._ended:
            self._ended = True
            self._waiting.clear()
            self._bytes = 0
            self._news.set()
            self._leave(self)
