"""What a viewer must know before the first packet of a stream."""

from dataclasses import dataclass, field
from fractions import Fraction

from streamer.domain.viewability import Viewability


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """The format of a stream; it holds until a packet carries another one.

    Attributes:
        codec: FFmpeg's name, for example h264.
        width: Of the picture, pixels; 0 where that is not known yet.
        height: Of the picture, pixels.
        time_base: Unit of the packets' times, in seconds.
        viewability: Whether browsers can show it.
        timed_by_arrival: The camera sends no usable times: the packets have those of their arrival.
        parameter_sets: In Annex B (H.264: SPS and PPS; H.265: VPS too); empty for other codecs.
    """

    codec: str
    width: int
    height: int
    time_base: Fraction
    viewability: Viewability
    timed_by_arrival: bool = False
    parameter_sets: bytes = field(default=b"", repr=False)
