"""The two video codecs the simulated camera can send. Used all over the simulator."""

from enum import Enum


class Codec(Enum):
    """A codec, by the name its RTP payload format has in SDP (RFC 6184, RFC 7798)."""

    H264 = "H264"
    H265 = "H265"
