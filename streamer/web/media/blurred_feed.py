"""A camera's picture with every face covered: what the analysis has looked at, encoded once.

A picture is shown after faces were looked for in it, never before: where the analysis is behind,
so is the view, and where it stands still nothing is shown.
"""

import asyncio
from concurrent.futures import Executor
from contextlib import closing
from typing import Final

from matcher.face import Image
from streamer.clock import Clock
from streamer.domain.seen_frame import SeenFrame
from streamer.web.media.broadcast import Broadcast
from streamer.web.media.face_cover import FaceCover
from streamer.web.media.picture_encoder import PictureEncoder
from streamer.web.media.sources import FrameStream
from streamer.web.media.video_packet import VideoPacket

_REPEAT_S: Final = 1.0
_STILL_S: Final = 4.0
"""A still picture is looked at every three seconds. What is older is not shown as of now."""


class BlurredFeed:
    """Covers and encodes in a thread; what comes meanwhile replaces what waits."""

    def __init__(self, broadcast: Broadcast, threads: Executor, clock: Clock) -> None:
        """Keep the collaborators."""
        self._broadcast = broadcast
        self._threads = threads
        self._clock = clock
        self._cover = FaceCover()
        self._encoder = PictureEncoder()
        self._latest: Image | None = None
        self._seen_at = 0.0

    async def run(self, frames: FrameStream) -> None:
        """Show pictures until the camera is stopped.

        Args:
            frames: The camera's; ended in the end.
        """
        loop = asyncio.get_running_loop()
        with closing(frames):
            getting = asyncio.ensure_future(frames.get())
            try:
                while True:
                    done, _ = await asyncio.wait({getting}, timeout=_REPEAT_S)
                    seen = None
                    if done:
                        seen = getting.result()
                        if seen is None:
                            return
                        getting = asyncio.ensure_future(frames.get())
                    for packet in await loop.run_in_executor(self._threads, self._encode, seen):
                        self._broadcast.offer(packet)
            finally:
                getting.cancel()

    def _encode(self, seen: SeenFrame | None) -> list[VideoPacket]:
        """In a thread. None = nothing new: the last picture again, for who lost a part of it."""
        now = self._clock.monotonic()
        if seen is not None:
            self._latest, self._seen_at = self._cover.covered(seen), seen.at
            return self._encoder.encode(self._latest, seen.at)
        if self._latest is None or now - self._seen_at > _STILL_S:
            self._latest = None
            return []
        return self._encoder.encode(self._latest, now)
