"""Encoded packets on their way from a decoder process to the service, through a pipe.

Both ends import this file. What a decoder sends is not trusted: `PacketParser` takes exactly what
stands here and raises `ProtocolError` for anything else.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from streamer.domain.stream_format import StreamFormat
from streamer.domain.viewability import Viewability
from streamer.ingest.condition import MAX_SIDE_PX
from streamer.ingest.protocol import ProtocolError

MAX_PACKET_BYTES: Final = 4 * 1024 * 1024
"""A larger picture is left out."""
_MAX_SETS_BYTES: Final = 4096
_MAX_RATE: Final = 1_000_000_000

_head = struct.Struct("<BI")
_format = struct.Struct("<16sHHIIB?")
_packet = struct.Struct("<qqQ?Q")
_UNKNOWN: Final = -(1 << 63)
_FORMAT, _PACKET = 1, 2
_CODEC: Final = re.compile(rb"[a-z0-9_]{1,16}\0*")
_VIEWABILITIES: Final = tuple(Viewability)


@dataclass(frozen=True, slots=True)
class WirePacket:
    """A packet as the decoder process knows it.

    Attributes:
        pts: In the units of the format before it.
        dts: Likewise; None where unknown.
        arrived_ns: CLOCK_MONOTONIC: all processes share that clock.
        is_keyframe: It carries its parameter sets.
        dropped: Packets left out since somebody looks, because the service did not read.
        data: The encoded picture.
    """

    pts: int
    dts: int | None
    arrived_ns: int
    is_keyframe: bool
    dropped: int
    data: bytes = field(repr=False)


def pack_format(given: StreamFormat) -> bytes:
    """Encode a format."""
    body = _format.pack(
        given.codec.encode("ascii"),
        given.width,
        given.height,
        given.time_base.numerator,
        given.time_base.denominator,
        _VIEWABILITIES.index(given.viewability),
        given.timed_by_arrival,
    )
    return _framed(_FORMAT, body + given.parameter_sets)


def pack_packet(packet: WirePacket) -> bytes:
    """Encode a packet."""
    dts = _UNKNOWN if packet.dts is None else packet.dts
    body = _packet.pack(packet.pts, dts, packet.arrived_ns, packet.is_keyframe, packet.dropped)
    return _framed(_PACKET, body + packet.data)


class PacketParser:
    """Puts together what comes through the pipe in pieces."""

    def __init__(self) -> None:
        """Begin before the first byte."""
        self._waiting = bytearray()

    def feed(self, piece: bytes) -> Iterator[StreamFormat | WirePacket]:
        """Take in what came; what is whole by now, in order.

        Raises:
            ProtocolError: It is not what it should be.
        """
        self._waiting += piece
        while len(self._waiting) >= _head.size:
            kind, size = _head.unpack_from(self._waiting)
            if size > _packet.size + MAX_PACKET_BYTES + _MAX_SETS_BYTES:
                raise ProtocolError(f"a packet of {size} bytes")
            if len(self._waiting) < _head.size + size:
                return
            body = bytes(memoryview(self._waiting)[_head.size : _head.size + size])
            del self._waiting[: _head.size + size]
            yield _parse(kind, body)


def _framed(kind: int, body: bytes) -> bytes:
    return _head.pack(kind, len(body)) + body


def _parse(kind: int, body: bytes) -> StreamFormat | WirePacket:
    try:
        if kind == _FORMAT:
            return _parse_format(body)
        if kind == _PACKET:
            pts, dts, arrived_ns, is_keyframe, dropped = _packet.unpack_from(body)
            data = body[_packet.size :]
            known = None if dts == _UNKNOWN else dts
            return WirePacket(pts, known, arrived_ns, is_keyframe, dropped, data)
    except struct.error as error:
        raise ProtocolError(f"a packet {kind} of {len(body)} bytes") from error
    raise ProtocolError(f"an unknown packet {kind}")


def _parse_format(body: bytes) -> StreamFormat:
    codec, width, height, numerator, denominator, index, by_arrival = _format.unpack_from(body)
    sets = body[_format.size :]
    if (
        not _CODEC.fullmatch(codec)
        or max(width, height) > MAX_SIDE_PX
        or not 0 < numerator <= _MAX_RATE
        or not 0 < denominator <= _MAX_RATE
        or index >= len(_VIEWABILITIES)
        or len(sets) > _MAX_SETS_BYTES
    ):
        raise ProtocolError("a stream format nobody knows")
    return StreamFormat(
        codec=codec.rstrip(b"\0").decode("ascii"),
        width=width,
        height=height,
        time_base=Fraction(numerator, denominator),
        viewability=_VIEWABILITIES[index],
        timed_by_arrival=by_arrival,
        parameter_sets=sets,
    )
