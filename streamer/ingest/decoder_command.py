"""What the service says to a decoder process: one datagram of a SEQPACKET socket each.

Both ends import this file, so it imports the standard library only, like `protocol`.
"""

import json
import math
import struct
from dataclasses import asdict, dataclass, field
from enum import IntEnum

from streamer.ingest.protocol import ProtocolError

_release = struct.Struct("<BIB")
_hold = struct.Struct("<Bd")
_pace = struct.Struct("<Bd?")


class _Tag(IntEnum):
    """The first byte of a datagram; those from 16 on are reports."""

    REQUEST = 1
    RELEASE = 2
    STOP = 3
    HOLD = 4
    PACE = 5
    VIEW = 6
    FORGET_REFERENCE = 7


@dataclass(frozen=True, slots=True)
class Request:
    """What a decoder process is told. It goes over the socket: never argv, never the environment.

    Attributes:
        address: What to open, credentials included.
        secrets: Values that may appear in no text that leaves the process.
        connect_timeout_s: For opening the stream.
        read_timeout_s: For one packet.
        parent_pid: Whose death must end the decoder.
        ca_file: For rtsps, whose certificates to trust; None = the system's authorities.
        insecure_tls: Trust any certificate.
        hwaccel: none, cuda or vaapi; the latter two where they were found (`HardwareProbe`).
        motion_gate: Whether due frames in which nothing moved are left out.
        idle_after_s: With nobody moving for so long only keyframes are decoded; 0 = never.
        reference: The camera's `Reference` of an earlier connection; empty = none yet.
        decodes: Whether there is anything to do but to pass packets on, see `View`.
    """

    address: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    transport: str
    analyse_fps: float
    connect_timeout_s: float
    read_timeout_s: float
    parent_pid: int
    ca_file: str | None = None
    insecure_tls: bool = False
    hwaccel: str = "none"
    motion_gate: bool = False
    idle_after_s: float = 0.0
    reference: bytes = field(default=b"", repr=False)
    decodes: bool = True


@dataclass(frozen=True, slots=True)
class Release:
    """The service has done with a slot."""

    generation: int
    slot: int


@dataclass(frozen=True, slots=True)
class Stop:
    """The decoder shall close its camera and exit."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A face is being followed: for so long every due frame is wanted, motion or none."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """How much of the video the service can take from now on; replaces what the request said.

    Attributes:
        analyse_fps: Frames a second that are due for analysis.
        keyframes_only: Decode nothing but keyframes.
    """

    analyse_fps: float
    keyframes_only: bool


@dataclass(frozen=True, slots=True)
class View:
    """Somebody looks: packets are to go into the pipe that comes with the datagram, until it ends.

    A later one replaces it.
    """


@dataclass(frozen=True, slots=True)
class ForgetReference:
    """The camera was turned on purpose: where it looks now becomes its reference."""


Command = Request | Release | Stop | Hold | Pace | View | ForgetReference


def pack_command(command: Command) -> bytes:
    """Encode what the service says."""
    match command:
        case Request():
            values = asdict(command) | {"reference": command.reference.hex()}
            return bytes([_Tag.REQUEST]) + json.dumps(values).encode()
        case Release():
            return _release.pack(_Tag.RELEASE, command.generation, command.slot)
        case Stop():
            return bytes([_Tag.STOP])
        case View():
            return bytes([_Tag.VIEW])
        case ForgetReference():
            return bytes([_Tag.FORGET_REFERENCE])
        case Hold():
            return _hold.pack(_Tag.HOLD, command.seconds)
        case Pace():
            return _pace.pack(_Tag.PACE, command.analyse_fps, command.keyframes_only)


def parse_command(data: bytes) -> Command:
    """Decode what the service said, in the decoder process.

    Raises:
        ProtocolError: The datagram is no command.
    """
    try:
        match data[0]:
            case _Tag.REQUEST:
                values = json.loads(data[1:])
                values["secrets"] = tuple(values["secrets"])
                values["reference"] = bytes.fromhex(values["reference"])
                return Request(**values)
            case _Tag.RELEASE:
                _, generation, slot = _release.unpack(data)
                return Release(generation, slot)
            case _Tag.STOP:
                return Stop()
            case _Tag.VIEW:
                return View()
            case _Tag.FORGET_REFERENCE:
                return ForgetReference()
            case _Tag.HOLD:
                return Hold(*_hold.unpack(data)[1:])
            case _Tag.PACE:
                pace = Pace(*_pace.unpack(data)[1:])
                if not 0 < pace.analyse_fps < math.inf:
                    raise ValueError("no pace")
                return pace
    except (IndexError, KeyError, TypeError, ValueError, struct.error) as error:
        raise ProtocolError("the service sent a malformed command") from error
    raise ProtocolError("the service sent an unknown command")
