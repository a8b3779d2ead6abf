"""Faults of the stream's own time: its RTP timestamps, and when its keyframes come."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from streamer.simulator.access_unit import CLOCK_RATE, AccessUnit
from streamer.simulator.faults.fault import Fault
from streamer.simulator.faults.stream_fault import StreamFault
from streamer.simulator.rtsp import Request, Response

Mode = Literal["constant", "missing", "backwards", "jump", "wrap"]

_IN_PACKET, _IN_REPORT = 4, 16
"""Where the timestamp is in an RTP packet and in an RTCP sender report (RFC 3550 5.1, 6.4.1)."""
_JUMP_EVERY = 2 * CLOCK_RATE
_JUMP_BY = 3600 * CLOCK_RATE
_WRAP_AFTER = 2 * CLOCK_RATE


@dataclass(frozen=True, slots=True)
class Timestamps(Fault):
    """RTP timestamps are wrong.

    `mode`: constant (the first one for ever), missing (always 0, and no RTCP reports), backwards
    (time runs back), jump (an hour ahead every 2 s), or wrap (past 32 bits after 2 s, which is
    allowed and common).
    """

    name: ClassVar[str] = "timestamps"
    mode: Mode = "jump"

    def after(self, request: Request, response: Response) -> Response:
        """See `Fault`; what PLAY says of the first timestamp would be another error."""
        if request.method != "PLAY":
            return response
        kept = tuple(header for header in response.headers if header[0] != "RTP-Info")
        return replace(response, headers=kept)

    def on_stream(self) -> StreamFault:
        """See `Fault`."""
        return _Restamp(self.mode)


@dataclass(frozen=True, slots=True)
class LateKeyframe(Fault):
    """The stream starts in the middle of a GOP: for `seconds` no keyframe is sent."""

    name: ClassVar[str] = "late-keyframe"
    seconds: float = 10.0

    def on_stream(self) -> StreamFault:
        """See `Fault`."""
        return _WithoutKeyframes(self.seconds)


class _Restamp(StreamFault):
    def __init__(self, mode: Mode) -> None:
        super().__init__()
        self._mode = mode
        self._first: int | None = None

    def packets(self, packets: Sequence[bytes]) -> Sequence[bytes]:
        return [self._rewritten(packet, _IN_PACKET) for packet in packets]

    def report(self, report: bytes) -> bytes | None:
        return None if self._mode == "missing" else self._rewritten(report, _IN_REPORT)

    def _rewritten(self, packet: bytes, at: int) -> bytes:
        (timestamp,) = struct.unpack_from(">I", packet, at)
        return packet[:at] + struct.pack(">I", self._restamped(timestamp)) + packet[at + 4 :]

    def _restamped(self, timestamp: int) -> int:
        if self._first is None:
            self._first = timestamp
        passed = _signed(timestamp - self._first)
        match self._mode:
            case "constant":
                changed = self._first
            case "missing":
                changed = 0
            case "backwards":
                changed = self._first - passed
            case "jump":
                changed = timestamp + passed // _JUMP_EVERY * _JUMP_BY
            case "wrap":
                changed = passed - _WRAP_AFTER
        return changed & 0xFFFFFFFF


def _signed(difference: int) -> int:
    """A difference of two 32-bit times, the shorter way round."""
    return ((difference + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


class _WithoutKeyframes(StreamFault):
    def __init__(self, for_s: float) -> None:
        super().__init__()
        self._for_s = for_s

    def passes(self, unit: AccessUnit) -> bool:
        return self.elapsed_s(unit) >= self._for_s or not unit.keyframe
