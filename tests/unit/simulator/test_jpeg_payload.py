import struct
from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
import pytest
from av import VideoFrame
from av.video.codeccontext import VideoCodecContext

from streamer.simulator.access_unit import AccessUnit
from streamer.simulator.codec import Codec
from streamer.simulator.jpeg_payload import jpeg_payloads
from streamer.simulator.rtp_stream import RtpStream

HEADER, TABLES = 8, 4 + 128


def picture(size: tuple[int, int] = (160, 120), pixels: str = "yuvj420p") -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height = size
    encoder.pix_fmt, encoder.time_base = pixels, Fraction(1, 25)
    encoder.thread_count = 1  # more of them put restart intervals between their slices
    encoder.options = {"huffman": "default"}
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    (packet,) = encoder.encode(VideoFrame.from_ndarray(noise, format="rgb24"))
    return bytes(packet)


def segment(jpeg: bytes, marker: int) -> bytes:
    """The first segment of a kind, without marker and length; the scan follows SOS to the end."""
    start = jpeg.index(bytes((0xFF, marker))) + 2
    (length,) = struct.unpack_from(">H", jpeg, start)
    return jpeg[start + 2 : start + length] if marker != 0xDA else jpeg[start + length : -2]


def joined(pieces: Sequence[bytes]) -> bytes:
    """The scan a receiver puts together, written from RFC 2435 and not from the sender."""
    scan = b""
    for piece in pieces:
        assert int.from_bytes(piece[1:4], "big") == len(scan)
        scan += piece[HEADER + TABLES :] if not scan else piece[HEADER:]
    return scan


@pytest.mark.parametrize("limit", [141, 500, 1400, 1_000_000])
def test_a_picture_survives_being_cut(limit: int) -> None:
    jpeg = picture()
    pieces = jpeg_payloads(jpeg, limit)
    assert all(len(piece) <= limit for piece in pieces)
    assert joined(pieces) == segment(jpeg, 0xDA)


def test_the_headers_say_what_a_receiver_must_know() -> None:
    jpeg = picture((160, 104))
    for piece in jpeg_payloads(jpeg, 1400):
        assert (piece[0], piece[4:8]) == (0, bytes((1, 255, 20, 13)))
    first = jpeg_payloads(jpeg, 1400)[0]
    assert first[8:12] == bytes((0, 0, 0, 128))
    tables = segment(jpeg, 0xDB)
    # One table for luma and chroma, or a table each.
    luma, chroma = tables[1:65], tables[66:130] if len(tables) == 130 else tables[1:65]
    assert first[12:140] == luma + chroma


def test_a_side_that_is_no_multiple_of_eight_is_rounded_up() -> None:
    assert jpeg_payloads(picture((162, 122)), 1400)[0][6:8] == bytes((21, 16))


@pytest.mark.parametrize(
    ("jpeg", "reason"),
    [
        (b"", "not a JPEG"),
        (b"\xff\xd8\xff\xd9", "no scan"),
        (picture()[:100], "no scan"),
        (picture((160, 120), "yuvj444p"), "not 4:2:0"),
        (picture((160, 120), "yuvj422p"), "not 4:2:0"),
        (picture((2048, 16)), "too large"),
        (
            picture().replace(b"\xff\xda", b"\xff\xdd\x00\x04\x00\x08\xff\xda", 1),
            "restart intervals",
        ),
    ],
    ids=["nothing", "empty", "cut", "4:4:4", "4:2:2", "wide", "restart"],
)
def test_what_the_format_cannot_carry_is_refused(jpeg: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        jpeg_payloads(jpeg, 1400)


def test_a_picture_has_one_timestamp_and_ends_with_the_marker() -> None:
    stream = RtpStream(Codec.JPEG)
    packets = stream.packets(AccessUnit(0, 9000, 3600, True, (picture(),)))
    assert len(packets) > 2
    heads = [struct.unpack(">BBHII", packet[:12]) for packet in packets]
    assert [head[1] for head in heads] == [26] * (len(packets) - 1) + [26 | 0x80]
    assert {head[3] for head in heads} == {stream.timestamp(9000)}
