"""A piece of encoded video on its way from a camera to those who look at it."""

from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from streamer.domain.stream_format import StreamFormat


@dataclass(frozen=True, slots=True)
class EncodedPacket:
    """One picture, as the camera encoded it.

    Attributes:
        camera_id: Which camera.
        sequence: Counts the camera's packets over all connections; a gap is what was dropped.
        connection: Counts connections: times and formats of two of them have nothing in common.
        received_at: Monotonic seconds, when it arrived here.
        captured_at: UTC of the same moment.
        pts: Presentation time in units of `time_base`. Comparable within one connection only, where
            it grows from packet to packet unless the format names B-frames.
        dts: Decoding time likewise, where it is known.
        is_keyframe: It can be decoded by itself: it carries the parameter sets too.
        format: The stream's, with this packet; another object than before where it is new.
        data: Annex B for H.264 and H.265.
    """

    camera_id: str
    sequence: int
    connection: int
    received_at: float
    captured_at: datetime
    pts: int
    dts: int | None
    is_keyframe: bool
    format: StreamFormat
    data: bytes = field(repr=False)

    @property
    def time_base(self) -> Fraction:
        """Unit of `pts` and `dts`, in seconds."""
        return self.format.time_base
