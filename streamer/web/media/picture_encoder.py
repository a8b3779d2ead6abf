"""One H.264 encoder that all viewers of a picture share. Blocking: used in a thread.

What it encodes are pictures of ours; what a camera sent is never decoded in this process.
"""

from fractions import Fraction
from typing import Final

import av
from av import VideoFrame
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from matcher.face import Image
from streamer.web.media.video_packet import VideoPacket

KEYFRAME_S: Final = 2.0
_WIDEST_PX: Final = 1280
_CLOCK: Final = Fraction(1, 90_000)
_OPTIONS: Final = {
    "preset": "veryfast",
    "tune": "zerolatency",
    "crf": "25",
    "maxrate": "2000k",
    "bufsize": "2000k",
    "forced-idr": "1",
    # Keyframes come by time, see `encode`: pictures come at whatever pace they are analysed.
    "g": "100000",
    "sc_threshold": "0",
    "bf": "0",
}


class PictureEncoder:
    """Makes a new encoder whenever the size of the pictures changes."""

    def __init__(self) -> None:
        """Begin without one."""
        self._codec: VideoCodecContext | None = None
        self._size = (0, 0)
        self._first = 0.0
        self._keyframe_at = 0.0
        self._latest = -1

    def encode(self, image: Image, at: float) -> list[VideoPacket]:
        """Encode a picture.

        Args:
            image: RGB.
            at: When it was captured, monotonic seconds.
        """
        size = _size_of(image)
        if self._codec is None or size != self._size:
            self._open(size, at)
        assert self._codec is not None
        frame = VideoFrame.from_ndarray(image, format="rgb24").reformat(
            width=size[0], height=size[1], format="yuv420p"
        )
        self._latest = max(round((at - self._first) / _CLOCK), self._latest + 1)
        frame.pts, frame.time_base = self._latest, _CLOCK
        if at - self._keyframe_at >= KEYFRAME_S:
            frame.pict_type = PictureType.I
        packets = [
            VideoPacket(at, bool(packet.is_keyframe), bytes(packet))
            for packet in self._codec.encode(frame)
        ]
        if any(packet.is_keyframe for packet in packets):
            self._keyframe_at = at
        return packets

    def _open(self, size: tuple[int, int], at: float) -> None:
        codec = av.CodecContext.create("libx264", "w")
        assert isinstance(codec, VideoCodecContext)
        codec.width, codec.height = size
        codec.pix_fmt = "yuv420p"
        codec.time_base = _CLOCK
        codec.framerate = Fraction(15, 1)
        codec.thread_count = 1
        codec.options = dict(_OPTIONS)
        codec.profile = "Baseline"
        self._codec, self._size, self._first, self._latest = codec, size, at, -1
        self._keyframe_at = at


def _size_of(image: Image) -> tuple[int, int]:
    """Even, and no wider than a browser's tile can use."""
    height, width = image.shape[:2]
    share = min(1.0, _WIDEST_PX / width)
    return max(2, int(width * share) // 2 * 2), max(2, int(height * share) // 2 * 2)
