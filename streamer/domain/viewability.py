"""Whether browsers can show a camera's stream without encoding it anew."""

from enum import StrEnum


class Viewability(StrEnum):
    """As it is, or why not: what browsers take over WebRTC is H.264 (RFC 7742) without B-frames."""

    AS_IS = "as it is"
    CODEC = "needs transcoding: it is not H.264"
    SAMPLES = "needs transcoding: it has more than 8 bits, or is not 4:2:0"
    B_FRAMES = "needs transcoding: it has B-frames"
    NO_IDR = "needs transcoding: its keyframes are no IDR pictures"
