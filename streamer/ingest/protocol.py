"""What a decoder process says to the service: one datagram of a SEQPACKET socket each.

What the service says stands in `decoder_command`. Both ends import this file, so it imports the
standard library only: what a decoder process imports is paid once per camera. What a decoder sends
is not trusted (malformed video has been code execution): `parse_report` takes exactly what stands
here and raises `ProtocolError` for anything else.
"""

import math
import operator
import struct
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final

from streamer.ingest.condition import MAX_SIDE_PX, Condition

SLOTS: Final = 4
"""Pictures of one size that may be on their way to the service at once."""
MAX_MEMORY_BYTES: Final = 512 * 1024 * 1024
MAX_DATAGRAM_BYTES: Final = 64 * 1024
MAX_TEXT_BYTES: Final = 400
REFERENCE_SIZE: Final = (32, 18)
"""Width and height of a reference picture: where walls and doors are, and nobody's face."""

_PAGE: Final = 4096
_opened = struct.Struct("<B")
_geometry = struct.Struct("<BIHH")
_written = struct.Struct("<BIBdQQQQQQQ")
_counters = struct.Struct("<BQQQQQQ")
_failure = struct.Struct("<BB")
_reference = struct.Struct(f"<B{REFERENCE_SIZE[0] * REFERENCE_SIZE[1]}s")
_MAX_REPORT_BYTES: Final = max(_failure.size + MAX_TEXT_BYTES, _reference.size)


class _Tag(IntEnum):
    """The first byte of a datagram; those below 16 are commands."""

    OPENED = 16
    GEOMETRY = 17
    WRITTEN = 18
    COUNTERS = 19
    FAILURE = 20
    CONDITION = 21
    REFERENCE = 22


class ProtocolError(Exception):
    """The other end sent something this protocol does not know."""


class FailureKind(StrEnum):
    """Why a connection to a camera ended. The last four are found by the service."""

    UNREACHABLE = "unreachable"
    UNAUTHORIZED = "unauthorized"
    BUSY = "busy"
    NOT_FOUND = "not_found"
    NO_VIDEO = "no_video"
    CODEC = "codec"
    HARDWARE = "hardware"
    REDIRECTED = "redirected"
    CERTIFICATE = "certificate"
    STALLED = "stalled"
    ENDED = "ended"
    OTHER = "other"
    DIED = "decoder_died"
    GARBLED = "decoder_garbled"
    NOT_STARTED = "decoder_not_started"
    RECYCLED = "decoder_recycled"


_KINDS: Final = tuple(FailureKind)


@dataclass(frozen=True, slots=True)
class Opened:
    """The camera answered and its stream was set up; no frame has been decoded yet."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Pictures now have this size; the datagram carries the memfd that will hold them."""

    generation: int
    width: int
    height: int

    @property
    def slot_bytes(self) -> int:
        """Distance from one slot to the next: a picture's RGB bytes, rounded up to a page."""
        return -(-self.width * self.height * 3 // _PAGE) * _PAGE

    @property
    def memory_bytes(self) -> int:
        """Size of the memfd."""
        return self.slot_bytes * SLOTS

    @property
    def allowed(self) -> bool:
        """Whether a picture of this size is taken at all."""
        return (
            0 < self.width <= MAX_SIDE_PX
            and 0 < self.height <= MAX_SIDE_PX
            and self.memory_bytes <= MAX_MEMORY_BYTES
        )


@dataclass(frozen=True, slots=True)
class Counters:
    """Totals of one decoder process.

    Attributes:
        decoded: Frames that came out of the decoder, corrupt ones included.
        corrupt: Frames among them that are marked corrupt.
        errors: Packets that could not be decoded at all.
        dropped: Frames due for analysis that found no free slot, or came too late to be decoded.
        still: Frames due for analysis that the motion gate left out.
        packets: Packets of video that arrived, also before the first keyframe.
    """

    decoded: int = 0
    corrupt: int = 0
    errors: int = 0
    dropped: int = 0
    still: int = 0
    packets: int = 0

    def __add__(self, other: "Counters") -> "Counters":
        """The totals of both."""
        return Counters(*map(operator.add, self.totals, other.totals))

    @property
    def totals(self) -> tuple[int, ...]:
        """All of them, in the order above; without the copying of `dataclasses.astuple`."""
        return (
            self.decoded,
            self.corrupt,
            self.errors,
            self.dropped,
            self.still,
            self.packets,
        )

    @property
    def sound(self) -> int:
        """Frames with a picture that can be used."""
        return self.decoded - self.corrupt

    def goes_on_from(self, earlier: "Counters") -> bool:
        """Whether every total is at least what it was."""
        return (
            self.decoded >= earlier.decoded
            and self.sound >= earlier.sound
            and self.corrupt >= earlier.corrupt
            and self.errors >= earlier.errors
            and self.dropped >= earlier.dropped
            and self.still >= earlier.still
            and self.packets >= earlier.packets
        )


@dataclass(frozen=True, slots=True)
class Written:
    """A picture lies in a slot.

    Attributes:
        pts: Presentation time, seconds; None where the stream has none.
        arrived_ns: CLOCK_MONOTONIC when its packet arrived: all processes share that clock.
    """

    generation: int
    slot: int
    pts: float | None
    arrived_ns: int
    counters: Counters


@dataclass(frozen=True, slots=True)
class Failure:
    """The connection is over. `text` is one line without secrets."""

    kind: FailureKind
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


@dataclass(frozen=True, slots=True)
class Reference:
    """Where the camera looks, for the next connection's `Request`: kept in memory, shown nowhere.

    Attributes:
        luma: Grey values of the picture without whoever moves in it, of `REFERENCE_SIZE`,
            row by row.
    """

    luma: bytes = field(repr=False)


Report = Opened | Geometry | Written | Counters | Failure | Condition | Reference


def pack_report(report: Report) -> bytes:
    """Encode what a decoder process says."""
    match report:
        case Opened():
            return _opened.pack(_Tag.OPENED)
        case Geometry():
            return _geometry.pack(_Tag.GEOMETRY, report.generation, report.width, report.height)
        case Written():
            pts = math.nan if report.pts is None else report.pts
            totals = report.counters.totals
            return _written.pack(
                _Tag.WRITTEN, report.generation, report.slot, pts, report.arrived_ns, *totals
            )
        case Counters():
            return _counters.pack(_Tag.COUNTERS, *report.totals)
        case Failure():
            text = report.text.encode()[:MAX_TEXT_BYTES]
            return _failure.pack(_Tag.FAILURE, _KINDS.index(report.kind)) + text
        case Condition():
            return bytes([_Tag.CONDITION]) + report.pack()
        case Reference():
            return _reference.pack(_Tag.REFERENCE, report.luma)


def parse_report(data: bytes) -> Report:
    """Decode what a decoder process said; the sizes and ranges that need no memory are checked.

    Raises:
        ProtocolError: The datagram is no report.
    """
    if not data or len(data) > _MAX_REPORT_BYTES:
        raise ProtocolError(f"a report of {len(data)} bytes")
    try:
        match data[0]:
            case _Tag.OPENED:
                _opened.unpack(data)
                return Opened()
            case _Tag.GEOMETRY:
                geometry = Geometry(*_geometry.unpack(data)[1:])
                if not geometry.allowed:
                    raise ProtocolError(f"a picture of {geometry.width}x{geometry.height}")
                return geometry
            case _Tag.WRITTEN:
                return _parse_written(data)
            case _Tag.COUNTERS:
                return Counters(*_counters.unpack(data)[1:])
            case _Tag.FAILURE:
                return _parse_failure(data)
            case _Tag.CONDITION:
                return Condition.unpack(data[1:])
            case _Tag.REFERENCE:
                return Reference(*_reference.unpack(data)[1:])
    except struct.error as error:
        raise ProtocolError(f"a report {data[0]} of {len(data)} bytes") from error
    except ValueError as error:
        raise ProtocolError(str(error)) from error
    raise ProtocolError(f"an unknown report {data[0]}")


def _parse_written(data: bytes) -> Written:
    _, generation, slot, pts, arrived_ns, *totals = _written.unpack(data)
    if slot >= SLOTS:
        raise ProtocolError(f"slot {slot}")
    known = math.isfinite(pts)
    return Written(generation, slot, pts if known else None, arrived_ns, Counters(*totals))


def _parse_failure(data: bytes) -> Failure:
    if len(data) > _failure.size + MAX_TEXT_BYTES:
        raise ProtocolError(f"a failure of {len(data)} bytes")
    _, index = _failure.unpack_from(data)
    if index >= len(_KINDS):
        raise ProtocolError(f"a failure of kind {index}")
    return Failure(_KINDS[index], one_line(data[_failure.size :].decode(errors="replace")))


def one_line(text: str) -> str:
    """Make foreign text fit for a log line: printable, one line, bounded."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())[:MAX_TEXT_BYTES]
