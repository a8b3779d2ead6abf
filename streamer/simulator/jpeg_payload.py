"""Cutting a JPEG picture into RTP payloads (RFC 2435). Pure; used by `rtp_payload`.

The format leaves out what a receiver can make up: all markers and the standard Huffman tables.
"""

import struct
from dataclasses import dataclass

MAX_SIDE = 2040
"""Pixels; a header has one byte for a side, in units of eight."""

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_DQT, _SOF0, _SOS, _DRI = 0xDB, 0xC0, 0xDA, 0xDD
_SAMPLING_420 = (0x22, 0x11, 0x11)
_TYPE_420 = 1
_TABLES_IN_BAND = 255
_TABLE_BYTES = 64


@dataclass(frozen=True, slots=True)
class _Jpeg:
    width: int
    height: int
    tables: bytes
    scan: bytes


def jpeg_payloads(jpeg: bytes, limit: int) -> list[bytes]:
    """The payloads of one picture, each at most `limit` bytes.

    Args:
        jpeg: A baseline 4:2:0 picture with the standard Huffman tables and without
            restart intervals; sides at most `MAX_SIDE`, and multiples of eight or rounded up.
        limit: Most bytes of a payload; more than 140, which headers and tables take.

    Raises:
        ValueError: The picture is not of that kind.
    """
    picture = _read(jpeg)
    tables = struct.pack(">BBH", 0, 0, len(picture.tables)) + picture.tables
    sides = ((picture.width + 7) // 8, (picture.height + 7) // 8)
    pieces: list[bytes] = []
    offset = 0
    while offset < len(picture.scan):
        # The first byte is type-specific and 0; the three after it are the offset.
        header = struct.pack(">IBBBB", offset, _TYPE_420, _TABLES_IN_BAND, *sides)
        if offset == 0:
            header += tables
        part = picture.scan[offset : offset + limit - len(header)]
        pieces.append(header + part)
        offset += len(part)
    return pieces


def _read(jpeg: bytes) -> _Jpeg:
    """Read the segments up to the scan (ITU-T T.81 annex B)."""
    if not jpeg.startswith(_SOI):
        raise ValueError("not a JPEG picture")
    tables: dict[int, bytes] = {}
    width = height = 0
    used: list[int] = []
    position = 2
    while position + 4 <= len(jpeg):
        _, marker, length = struct.unpack_from(">BBH", jpeg, position)
        body = jpeg[position + 4 : position + 2 + length]
        position += 2 + length
        if marker == _DQT:
            tables |= _quantisation_tables(body)
        elif marker == _SOF0:
            height, width = struct.unpack_from(">HH", body, 1)
            components = [body[6 + 3 * i : 9 + 3 * i] for i in range(body[5])]
            if tuple(component[1] for component in components) != _SAMPLING_420:
                raise ValueError("JPEG: not 4:2:0")
            used = [components[0][2], components[1][2]]
        elif marker == _DRI and body != b"\0\0":
            raise ValueError("JPEG: restart intervals are not sent")
        elif marker == _SOS:
            if not used or max(width, height) > MAX_SIDE:
                raise ValueError("JPEG: not baseline, or too large for RTP")
            scan = jpeg[position:].removesuffix(_EOI)
            return _Jpeg(width, height, b"".join(tables[number] for number in used), scan)
    raise ValueError("JPEG: no scan")


def _quantisation_tables(body: bytes) -> dict[int, bytes]:
    """The tables of a DQT segment by number; eight bits an entry."""
    size = 1 + _TABLE_BYTES
    if len(body) % size or any(body[start] >> 4 for start in range(0, len(body), size)):
        raise ValueError("JPEG: quantisation tables of sixteen bits are not sent")
    return {body[start]: body[start + 1 : start + size] for start in range(0, len(body), size)}
