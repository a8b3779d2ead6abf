"""The video codecs the simulated camera can send. Used all over the simulator."""

from enum import Enum


class Codec(Enum):
    """A codec, by the name its RTP payload format has in SDP (RFC 6184, RFC 7798, RFC 2435)."""

    H264 = "H264"
    H265 = "H265"
    JPEG = "JPEG"

    @property
    def payload_type(self) -> int:
        """Its RTP payload type: JPEG has one of its own (RFC 3551), the others a dynamic one."""
        return 26 if self is Codec.JPEG else 96
