"""What goes through the pipe, and what may not."""

import struct
from dataclasses import replace

import pytest

from streamer.domain.viewability import Viewability
from streamer.ingest.packet_wire import PacketParser, WirePacket, pack_format, pack_packet
from streamer.ingest.protocol import ProtocolError
from tests.unit.ingest.packets import FORMAT

PACKET = WirePacket(3600, None, 17, True, 4, b"picture")


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_what_goes_in_comes_out_in_whatever_pieces(step: int) -> None:
    odd = replace(FORMAT, codec="mjpeg", viewability=Viewability.CODEC, timed_by_arrival=True)
    later = replace(PACKET, pts=-5, dts=-9, is_keyframe=False, data=b"")
    sent = pack_format(FORMAT) + pack_packet(PACKET) + pack_format(odd) + pack_packet(later)
    parser = PacketParser()
    heard = [
        one
        for start in range(0, len(sent), step)
        for one in parser.feed(sent[start : start + step])
    ]
    assert heard == [FORMAT, PACKET, odd, later]


def framed(kind: int, body: bytes) -> bytes:
    return struct.pack("<BI", kind, len(body)) + body


@pytest.mark.parametrize(
    "sent",
    [
        framed(0, b""),
        framed(3, b"x" * 40),
        framed(1, b"short"),
        framed(2, b"short"),
        struct.pack("<BI", 2, 5 << 20),
        struct.pack("<BI", 1, 0xFFFFFFFF),
        framed(1, struct.pack("<16sHHIIB?", b"h264; rm", 1, 1, 1, 1, 0, False)),
        framed(1, struct.pack("<16sHHIIB?", b"h264", 9000, 1, 1, 1, 0, False)),
        framed(1, struct.pack("<16sHHIIB?", b"h264", 1, 1, 0, 1, 0, False)),
        framed(1, struct.pack("<16sHHIIB?", b"h264", 1, 1, 1, 0, 0, False)),
        framed(1, struct.pack("<16sHHIIB?", b"h264", 1, 1, 1, 1, 99, False)),
        framed(1, struct.pack("<16sHHIIB?", b"h264", 1, 1, 1, 1, 0, False) + bytes(5000)),
    ],
)
def test_anything_else_is_refused(sent: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(PacketParser().feed(sent))
