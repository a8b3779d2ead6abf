"""A clip with a clock in its picture: each frame's number as a row of black and white squares."""

from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av import VideoFrame
from av.video.stream import VideoStream

from matcher.face import Image
from streamer.bench.reencoded import Format
from streamer.errors import InputError

_BITS: Final = 10
_SIDE: Final = 32
_WHITE: Final = 128
_GOP_S: Final = 2
_SECONDS: Final = 20
# What cameras do: one slice, no B-frames, a bounded rate.
_OPTIONS: Final = {
    "preset": "veryfast",
    "tune": "zerolatency",
    "bf": "0",
    "crf": "24",
    "maxrate": "2000k",
    "bufsize": "2000k",
}


def write_stamped(clip: Path, wanted: Format, target: Path) -> int:
    """Write the clip's beginning, over and over, for twenty seconds; blocking.

    Returns:
        How many frames it has.

    Raises:
        InputError: The clip is no video.
    """
    frames, most = 0, _SECONDS * wanted.fps
    try:
        with av.open(str(target), "w") as sink:
            stream = sink.add_stream("libx264", rate=wanted.fps, options=_OPTIONS)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = wanted.width, wanted.height, "yuv420p"
            stream.gop_size = _GOP_S * wanted.fps
            while frames < most:
                frames += _append(clip, wanted, sink, stream, frames, most)
            sink.mux(stream.encode(None))
    except (av.FFmpegError, OSError, IndexError) as error:
        reason = getattr(error, "strerror", None) or "no video in it"
        raise InputError(f"clip {clip}: {reason}; give an H.264 or H.265 file") from error
    return frames


def _append(
    clip: Path,
    wanted: Format,
    sink: av.container.OutputContainer,
    stream: VideoStream,
    begun: int,
    most: int,
) -> int:
    written = 0
    with av.open(str(clip)) as source:
        for frame in source.decode(video=0):
            resized = frame.reformat(wanted.width, wanted.height, format="rgb24")
            picture = np.asarray(resized.to_ndarray(), dtype=np.uint8)
            while written <= frame.time * wanted.fps and begun + written < most:
                stamp(picture, begun + written)
                made = VideoFrame.from_ndarray(picture, format="rgb24")
                made.pts, made.time_base = begun + written, Fraction(1, wanted.fps)
                sink.mux(stream.encode(made))
                written += 1
    if written == 0:
        raise IndexError
    return written


def stamp(picture: Image, number: int) -> None:
    """Write a number into a picture's upper left corner, and its opposite beside it."""
    for bit in range(_BITS):
        on = number >> bit & 1
        left = bit * _SIDE
        picture[:_SIDE, left : left + _SIDE] = 255 * on
        picture[_SIDE : 2 * _SIDE, left : left + _SIDE] = 255 * (1 - on)


def read_stamp(luma: Image) -> int | None:
    """Read it; None where it cannot be made out.

    Args:
        luma: Grey, (h, w).
    """
    number = 0
    for bit in range(_BITS):
        left = bit * _SIDE + _SIDE // 4
        across = slice(left, left + _SIDE // 2)
        upper = np.mean(luma[_SIDE // 4 : 3 * _SIDE // 4, across]) > _WHITE
        lower = np.mean(luma[_SIDE + _SIDE // 4 : _SIDE + 3 * _SIDE // 4, across]) > _WHITE
        if upper == lower:
            return None
        number |= int(upper) << bit
    return number
