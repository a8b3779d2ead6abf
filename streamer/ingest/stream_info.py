"""What `probe` finds out about a camera's stream; crosses from its child process as JSON."""

import json
import math
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """A stream as it was seen for a few seconds.

    Attributes:
        codec: FFmpeg's name, for example h264.
        profile: Of the codec, or None where it has none.
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        pixel_format: FFmpeg's name, for example yuv420p.
        has_b_frames: Whether pictures came in another order than they are shown.
        first_frame_s: Seconds from connecting to the first decoded keyframe.
        fps: Pictures a second, measured; None where too few came.
        gop_frames: Pictures from a keyframe to the next (the longest seen); None where no second
            keyframe came.
        gop_s: The same in seconds.
        bit_rate: Bits a second of video, measured; None where too little came.
    """

    codec: str
    profile: str | None
    width: int
    height: int
    pixel_format: str
    has_b_frames: bool
    first_frame_s: float
    fps: float | None
    gop_frames: int | None
    gop_s: float | None
    bit_rate: int | None

    @classmethod
    def from_json(cls, text: str) -> "StreamInfo":
        """Read what a child process wrote; it is not trusted.

        Raises:
            ValueError: It is not exactly such a record.
        """
        given = json.loads(text)
        if not isinstance(given, dict) or given.keys() != {part.name for part in fields(cls)}:
            raise ValueError("not a stream's record")
        for name, kinds in _KINDS.items():
            # A bool is an int to Python, and not to us.
            if type(given[name]) not in kinds:
                raise ValueError(f"{name} is of the wrong kind")
            if isinstance(given[name], float) and not math.isfinite(given[name]):
                raise ValueError(f"{name} is no number")
        return cls(**given)


_KINDS: dict[str, tuple[type, ...]] = {
    "codec": (str,),
    "profile": (str, type(None)),
    "width": (int,),
    "height": (int,),
    "pixel_format": (str,),
    "has_b_frames": (bool,),
    "first_frame_s": (float,),
    "fps": (float, type(None)),
    "gop_frames": (int, type(None)),
    "gop_s": (float, type(None)),
    "bit_rate": (int, type(None)),
}
