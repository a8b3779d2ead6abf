"""One picture on its way from a file (`video_file`) to an RTP stream (`media_sender`)."""

from dataclasses import dataclass

CLOCK_RATE = 90_000
"""Ticks a second of every time in the simulator, and of RTP video (RFC 6184 section 8.2.1)."""


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """The NAL units of one coded picture, in decoding order; a JPEG picture is one unit.

    `dts` and `pts` are in ticks of 1/90000 s: when it is sent, and when it is shown.
    """

    dts: int
    pts: int
    duration: int
    keyframe: bool
    nals: tuple[bytes, ...]
