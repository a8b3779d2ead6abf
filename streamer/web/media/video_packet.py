"""A piece of H.264 on its way to browsers. Made by feeds, sent by tracks."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class VideoPacket:
    """One picture, encoded; without B-frames.

    Attributes:
        at: When it was captured, monotonic seconds; later than that of the packet before.
        is_keyframe: It can be decoded by itself: it carries its parameter sets.
        data: Annex B.
    """

    at: float
    is_keyframe: bool
    data: bytes = field(repr=False)
