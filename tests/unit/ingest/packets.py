"""Packets and formats, as the tests of viewing need them."""

from datetime import UTC, datetime
from fractions import Fraction

from streamer.domain.encoded_packet import EncodedPacket
from streamer.domain.stream_format import StreamFormat
from streamer.domain.viewability import Viewability

FORMAT = StreamFormat(
    "h264", 640, 360, Fraction(1, 90_000), Viewability.AS_IS, parameter_sets=b"\0\0\0\1sets"
)


def packet(
    number: int, *, keyframe: bool = False, at: float = 0.0, size: int = 10, connection: int = 0
) -> EncodedPacket:
    """The `number`-th of a camera, received at a moment."""
    return EncodedPacket(
        camera_id="lobby-1",
        sequence=number,
        connection=connection,
        received_at=at,
        captured_at=datetime(2026, 11, 23, tzinfo=UTC),
        pts=number * 3600,
        dts=None,
        is_keyframe=keyframe,
        format=FORMAT,
        data=bytes(size),
    )
