"""A clip as a camera of another size and rate would send it. Used by `kirdi bench ingest`."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, Self

import av
from av.video.stream import VideoStream

from streamer.errors import InputError

_GOP_S: Final = 2
_LONGEST_S: Final = 30.0
# What cameras do: one slice, no B-frames, a bounded rate.
_OPTIONS: Final = {"preset": "veryfast", "tune": "zerolatency", "bf": "0", "crf": "23"}


@dataclass(frozen=True, slots=True)
class Format:
    """Size in pixels and frames a second; written as `1280x720@15`."""

    width: int
    height: int
    fps: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}@{self.fps}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one.

        Raises:
            InputError: It is none, or no camera has it.
        """
        try:
            size, fps = text.split("@")
            width, height = size.split("x")
            one = cls(int(width), int(height), int(fps))
        except ValueError as error:
            raise InputError(f"format {text}: write one such as 1280x720@15") from error
        even = one.width % 2 == 0 and one.height % 2 == 0
        if not (even and 64 <= one.width <= 4096 and 64 <= one.height <= 4096 and 0 < one.fps < 61):
            raise InputError(f"format {text}: even sides from 64 to 4096, 1 to 60 frames a second")
        return one


def reencode(clip: Path, wanted: Format, target: Path) -> None:
    """Write the clip's beginning as H.264 of that size and rate; blocking.

    Frames are repeated or left out to keep the clip's own speed.

    Raises:
        InputError: The clip is no video.
    """
    try:
        with av.open(str(clip)) as source, av.open(str(target), "w") as sink:
            stream = sink.add_stream("libx264", rate=wanted.fps, options=_OPTIONS)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = wanted.width, wanted.height, "yuv420p"
            stream.gop_size = _GOP_S * wanted.fps
            written = 0
            for frame in source.decode(video=0):
                if frame.time is None or frame.time > _LONGEST_S:
                    break
                resized = frame.reformat(wanted.width, wanted.height, format="yuv420p")
                while written <= frame.time * wanted.fps:
                    resized.pts, resized.time_base = written, Fraction(1, wanted.fps)
                    sink.mux(stream.encode(resized))
                    written += 1
            sink.mux(stream.encode(None))
    except (av.FFmpegError, OSError, IndexError) as error:
        reason = getattr(error, "strerror", None) or "no video in it"
        raise InputError(f"clip {clip}: {reason}; give an H.264 or H.265 file") from error
