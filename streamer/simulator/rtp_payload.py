"""Cutting NAL units and JPEG pictures into RTP payloads. Pure; used by `rtp_stream`.

H.264: RFC 6184, single NAL unit packets and FU-A (packetization-mode 1).
H.265: RFC 7798, single NAL unit packets and fragmentation units, no DONL.
JPEG: see `jpeg_payload`; a picture stands where the others have a NAL unit.
"""

from streamer.simulator.codec import Codec
from streamer.simulator.jpeg_payload import jpeg_payloads

_FU_A = 28
_FU_H265 = 49


def payloads(codec: Codec, nal: bytes, limit: int) -> list[bytes]:
    """The payloads of one NAL unit, each at most `limit` bytes.

    Args:
        codec: Which payload format applies.
        nal: One unit without start code; at least its header (one byte, H.265: two).
        limit: Most bytes of a payload; must leave room for a fragment's header.
    """
    if codec is Codec.JPEG:
        return jpeg_payloads(nal, limit)
    if len(nal) <= limit:
        return [nal]
    return _fu_a(nal, limit) if codec is Codec.H264 else _fu_h265(nal, limit)


def _fu_a(nal: bytes, limit: int) -> list[bytes]:
    indicator = (nal[0] & 0xE0) | _FU_A
    kind = nal[0] & 0x1F
    return _fragments(bytes([indicator]), kind, nal[1:], limit - 2)


def _fu_h265(nal: bytes, limit: int) -> list[bytes]:
    header = bytes([(nal[0] & 0x81) | (_FU_H265 << 1), nal[1]])
    kind = (nal[0] >> 1) & 0x3F
    return _fragments(header, kind, nal[2:], limit - 3)


def _fragments(header: bytes, kind: int, body: bytes, size: int) -> list[bytes]:
    """The start bit is on the first piece, the end bit on the last, as both formats have it."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    last = len(pieces) - 1
    return [
        header + bytes([(0x80 if i == 0 else 0) | (0x40 if i == last else 0) | kind]) + piece
        for i, piece in enumerate(pieces)
    ]
