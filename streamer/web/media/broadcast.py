"""One encoded picture of one camera, to everybody who looks. Between two threads.

Feeds `offer` packets from the service's loop; the media thread hands them to viewers. Whatever
waits in between is bounded, and lost by whole GOPs.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from streamer.web.media.video_packet import VideoPacket
from streamer.web.media.viewer_queue import ViewerQueue

_MOST_WAITING: Final = 256
_MOST_GOP_PACKETS: Final = 512
_MOST_GOP_BYTES: Final = 4 * 1024 * 1024

Post = Callable[[Callable[[], None]], None]


class Broadcast:
    """Keeps the last GOP, so that whoever begins to look sees something at once."""

    def __init__(self, post: Post) -> None:
        """Begin with nobody.

        Args:
            post: Has a function called by the media thread's loop, soon.
        """
        self._post = post
        self._waiting: deque[VideoPacket | None] = deque()
        self._skipping = False
        self._viewers: set[ViewerQueue] = set()
        self._gop: list[VideoPacket] = []
        self._gop_bytes = 0

    def offer(self, packet: VideoPacket) -> None:
        """Hand on a packet; never waits. Called by the service's loop."""
        if len(self._waiting) >= _MOST_WAITING:
            self._skipping = True
        if self._skipping:
            if not packet.is_keyframe or len(self._waiting) >= _MOST_WAITING:
                return
            self._skipping = False
            self._waiting.append(None)
        self._waiting.append(packet)
        self._post(self._drain)

    def interrupt(self) -> None:
        """What comes next begins with a keyframe of another stream. By the service's loop."""
        self._skipping = True

    def subscribe(self) -> ViewerQueue:
        """Begin to look. By the media thread, as what follows."""
        viewer = ViewerQueue(self._viewers.discard)
        viewer.begin(self._gop)
        self._viewers.add(viewer)
        return viewer

    def _drain(self) -> None:
        while self._waiting:
            packet = self._waiting.popleft()
            if packet is None:
                self._forget()
                for viewer in self._viewers:
                    viewer.skip()
                continue
            self._keep(packet)
            for viewer in self._viewers:
                viewer.put(packet)

    def _keep(self, packet: VideoPacket) -> None:
        if packet.is_keyframe:
            self._forget()
        elif not self._gop:
            return
        self._gop.append(packet)
        self._gop_bytes += len(packet.data)
        if self._gop_bytes > _MOST_GOP_BYTES or len(self._gop) > _MOST_GOP_PACKETS:
            self._forget()

    def _forget(self) -> None:
        self._gop.clear()
        self._gop_bytes = 0
