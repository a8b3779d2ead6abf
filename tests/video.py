"""Small videos made on the spot, so that most tests need no recordings."""

from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av import VideoFrame
from av.video.stream import VideoStream

VideoCodec = Literal["libx264", "libx265", "libvpx-vp9", "mpeg4"]


def make_video(
    path: Path,
    codec: VideoCodec = "libx264",
    size: tuple[int, int] = (160, 120),
    fps: int = 25,
    seconds: float = 1.0,
    b_frames: int = 0,
    gop: int = 10,
    noise: bool = False,
) -> int:
    """Write a moving pattern and return how many frames it has.

    Args:
        path: The container follows from the ending (.mp4, .mkv, .ts, .264, .265).
        codec: FFmpeg's encoder.
        size: Width and height, even.
        fps: Frames a second.
        seconds: Length.
        b_frames: Most B-frames between two other frames.
        gop: Frames from keyframe to keyframe.
        noise: Fill frames with noise, which makes them large.
    """
    width, height = size
    frames = round(fps * seconds)
    generator = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, options=_options(codec, b_frames, gop))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.gop_size = gop
        columns = np.arange(width, dtype=np.int64)[None, :]
        rows = np.arange(height, dtype=np.int64)[:, None]
        for index in range(frames):
            if noise:
                picture = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
            else:
                plane = ((columns * 2 + rows + index * 6) % 256).astype(np.uint8)
                picture = np.stack((plane, 255 - plane, np.roll(plane, index, axis=1)), axis=2)
            frame = VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return frames


def count_frames(path: Path) -> int:
    """How many frames FFmpeg decodes from a file."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def _options(codec: VideoCodec, b_frames: int, gop: int) -> dict[str, str]:
    if codec == "libx264":
        return {
            "preset": "ultrafast",
            "bf": str(b_frames),
            "b_strategy": "0",
            "sc_threshold": "0",
            "x264-params": f"bframes={b_frames}:b-adapt=0:keyint={gop}:scenecut=0",
        }
    if codec == "libx265":
        parameters = (
            f"bframes={b_frames}:b-adapt=0:keyint={gop}:min-keyint={gop}:scenecut=0:log-level=none"
        )
        return {"preset": "ultrafast", "x265-params": parameters}
    return {}
