"""What aiortc takes a viewer's video from: packets that are encoded already. In the media thread.

The track gives RTP times in which every picture's capture time can be read: see `Epoch`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet
from av.video.stream import VideoStream

from streamer.web.media.broadcast import Broadcast
from streamer.web.media.video_packet import VideoPacket
from streamer.web.media.viewer_queue import ViewerQueue

RATE: Final = 90_000
_BASE: Final = Fraction(1, RATE)
_BEFORE_S: Final = 10.0
"""Ticks of packets from before the viewer came are positive, too."""
_BURST_TICKS: Final = 90
"""A millisecond: what came before the viewer is played at once, not at the camera's pace."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """Since when a viewer's RTP times count: a picture's capture is `at` plus ticks / 90000."""

    at: float

    def ticks(self, moment: float) -> int:
        """RTP time of a moment, before aiortc's random offset is added."""
        return round((moment - self.at) * RATE)


class PacketTrack(MediaStreamTrack):
    """One viewer's track. It subscribes when the viewer is connected, not before."""

    kind = "video"

    def __init__(self, broadcast: Broadcast, now: Callable[[], float]) -> None:
        """Keep what it is taken from; `now` is monotonic seconds."""
        super().__init__()
        self._broadcast = broadcast
        self._now = now
        self._queue: ViewerQueue | None = None
        self._joined_at = 0.0
        self._backlog = 0
        self._latest: int | None = None
        self.epoch = Epoch(now() - _BEFORE_S)
        self.on_next: Callable[[int | None], None] = lambda _sent: None
        """Told the ticks of the packet that has been sent whenever the next one is asked for."""

    async def recv(self) -> "Packet[VideoStream]":
        """The next packet; see `MediaStreamTrack`."""
        if self.readyState != "live":
            raise MediaStreamError
        if self._queue is None:
            self._queue = self._broadcast.subscribe()
            self._joined_at = self._now()
            self._backlog = self._queue.waiting
        self.on_next(self._latest)
        taken = await self._queue.get()
        if taken is None or self.readyState != "live":
            self.stop()
            raise MediaStreamError
        packet = cast("Packet[VideoStream]", Packet(taken.data))
        packet.pts = packet.dts = self._latest = self._ticks(taken)
        packet.time_base = _BASE
        packet.is_keyframe = taken.is_keyframe
        return packet

    def stop(self) -> None:
        """Look no more; see `MediaStreamTrack`."""
        super().stop()
        if self._queue is not None:
            self._queue.end()

    @property
    def dropped(self) -> int:
        """Packets this viewer has lost."""
        return 0 if self._queue is None else self._queue.dropped

    def _ticks(self, taken: VideoPacket) -> int:
        ticks = self.epoch.ticks(taken.at)
        if taken.at < self._joined_at:
            # From before: drawn together, to end when this viewer came.
            ticks = self.epoch.ticks(self._joined_at) - self._backlog * _BURST_TICKS
            self._backlog = max(1, self._backlog - 1)
        if self._latest is not None:
            ticks = max(ticks, self._latest + 1)
        return ticks
