"""Clips as cameras of other makes and settings would send them."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av import VideoFrame
from av.video.stream import VideoStream

_FPS: Final = 15


@dataclass(frozen=True, slots=True)
class Sent:
    """A way to send a clip: encoder, its options, height in pixels, and how bright the room is."""

    codec: str
    options: dict[str, str]
    height: int
    light: float = 1.0


FIVE_WAYS: Final = {
    "small-h264": Sent("libx264", {"preset": "veryfast", "tune": "zerolatency", "crf": "33"}, 540),
    "large-h264": Sent("libx264", {"preset": "veryfast", "tune": "zerolatency", "crf": "20"}, 1080),
    "h265": Sent(
        "libx265", {"preset": "ultrafast", "x265-params": "bframes=0:log-level=none"}, 720
    ),
    "b-frames": Sent("libx264", {"preset": "medium", "bf": "3", "crf": "24"}, 720),
    "dim": Sent("libx264", {"preset": "veryfast", "tune": "zerolatency", "crf": "26"}, 720, 0.55),
}


def reencode(clip: Path, sent: Sent, target: Path) -> Path:
    """Write a clip anew at 15 frames a second; a clip of pictures (GIF) becomes video."""
    with av.open(str(clip)) as source, av.open(str(target), "w") as sink:
        first = source.streams.video[0]
        width = round(first.width * sent.height / first.height / 2) * 2
        stream = sink.add_stream(sent.codec, rate=_FPS, options=sent.options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, sent.height, "yuv420p"
        stream.gop_size = _FPS
        written = 0
        for frame in source.decode(video=0):
            picture = frame.reformat(width, sent.height, format="rgb24").to_ndarray()
            shown = VideoFrame.from_ndarray((picture * sent.light).astype(np.uint8), format="rgb24")
            shown = shown.reformat(format="yuv420p")
            while written <= (frame.time or 0.0) * _FPS:
                shown.pts, shown.time_base = written, Fraction(1, _FPS)
                sink.mux(stream.encode(shown))
                written += 1
        sink.mux(stream.encode(None))
    return target
