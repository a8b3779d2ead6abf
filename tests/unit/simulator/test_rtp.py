import struct
from itertools import pairwise

import pytest
from aiortc.rtp import (
    RtcpByePacket,
    RtcpPacket,
    RtcpSdesPacket,
    RtcpSrPacket,
    RtpPacket,
)
from hypothesis import given
from hypothesis import strategies as st

from streamer.simulator.access_unit import AccessUnit
from streamer.simulator.codec import Codec
from streamer.simulator.rtp_payload import payloads
from streamer.simulator.rtp_stream import MAX_PAYLOAD, RtpStream


def joined(codec: Codec, pieces: list[bytes]) -> bytes:
    """What a receiver makes of the payloads, written from the RFCs and not from the sender."""
    if len(pieces) == 1:
        return pieces[0]
    starts = [bool(piece[1 if codec is Codec.H264 else 2] & 0x80) for piece in pieces]
    ends = [bool(piece[1 if codec is Codec.H264 else 2] & 0x40) for piece in pieces]
    assert starts == [True] + [False] * (len(pieces) - 1)
    assert ends == [False] * (len(pieces) - 1) + [True]
    if codec is Codec.H264:
        assert {piece[0] & 0x1F for piece in pieces} == {28}
        header = bytes([(pieces[0][0] & 0xE0) | (pieces[0][1] & 0x1F)])
        return header + b"".join(piece[2:] for piece in pieces)
    assert {(piece[0] >> 1) & 0x3F for piece in pieces} == {49}
    header = bytes([(pieces[0][0] & 0x81) | ((pieces[0][2] & 0x3F) << 1), pieces[0][1]])
    return header + b"".join(piece[3:] for piece in pieces)


@given(
    st.sampled_from([(Codec.H264, b"\x65"), (Codec.H264, b"\x41"), (Codec.H265, b"\x26\x01")]),
    st.binary(min_size=1, max_size=300),
    st.integers(8, 120),
)
def test_a_unit_survives_being_cut(kind: tuple[Codec, bytes], body: bytes, limit: int) -> None:
    codec, header = kind
    pieces = payloads(codec, header + body, limit)
    assert all(0 < len(piece) <= limit for piece in pieces)
    assert joined(codec, pieces) == header + body


@pytest.mark.parametrize("extra", [-1, 0, 1, MAX_PAYLOAD])
def test_a_unit_is_cut_only_where_it_must(extra: int) -> None:
    pieces = payloads(Codec.H264, b"\x65" + bytes(MAX_PAYLOAD - 1 + extra), MAX_PAYLOAD)
    assert (len(pieces) == 1) is (extra <= 0)


def test_packets_are_numbered_and_the_last_is_marked() -> None:
    stream = RtpStream(Codec.H264)
    first = stream.next_sequence
    unit = AccessUnit(0, 9000, 3600, True, (b"\x67abc", b"\x68d", b"\x65" + bytes(3000)))
    packets = [RtpPacket.parse(data) for data in stream.packets(unit)]
    assert [packet.marker for packet in packets] == [0, 0, 0, 0, 1]
    assert {packet.payload_type for packet in packets} == {96}
    assert {packet.timestamp for packet in packets} == {stream.timestamp(9000)}
    assert {packet.ssrc for packet in packets} == {stream.ssrc}
    assert [packet.sequence_number for packet in packets] == [
        (first + index) % 65536 for index in range(5)
    ]
    assert stream.next_sequence == (first + 5) % 65536


def test_numbers_and_times_wrap_around() -> None:
    stream = RtpStream(Codec.H264)
    unit = AccessUnit(0, 0, 3600, False, (b"\x41a",) * 70_000)
    numbers = [struct.unpack(">H", data[2:4])[0] for data in stream.packets(unit)]
    assert all((b - a) % 65536 == 1 for a, b in pairwise(numbers))
    assert stream.timestamp(1 << 32) == stream.timestamp(0)
    assert stream.timestamp(-1) == (stream.timestamp(0) - 1) % (1 << 32)


def test_a_report_says_what_was_sent() -> None:
    stream = RtpStream(Codec.H264)
    sent = stream.packets(AccessUnit(0, 0, 3600, True, (b"\x65" + bytes(3000),)))
    report, description = RtcpPacket.parse(stream.sender_report(1_700_000_000.5, 45_000))
    assert isinstance(report, RtcpSrPacket)
    assert isinstance(description, RtcpSdesPacket)
    assert report.ssrc == stream.ssrc
    assert report.sender_info.packet_count == len(sent)
    assert report.sender_info.octet_count == sum(len(packet) - 12 for packet in sent)
    assert report.sender_info.rtp_timestamp == stream.timestamp(45_000)
    assert report.sender_info.ntp_timestamp == (1_700_000_000 + 2_208_988_800 << 32) + (1 << 31)
    assert description.chunks[0].ssrc == stream.ssrc


def test_a_goodbye_is_understood() -> None:
    stream = RtpStream(Codec.H265)
    *_, goodbye = RtcpPacket.parse(stream.bye(1_700_000_000.0, 0))
    assert isinstance(goodbye, RtcpByePacket)
    assert goodbye.sources == [stream.ssrc]
