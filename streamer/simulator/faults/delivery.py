"""Faults of delivery: media that ends, is torn, lost or late."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from streamer.simulator.access_unit import AccessUnit
from streamer.simulator.faults.fault import Fault
from streamer.simulator.faults.stream_fault import HangUp, StreamFault

_TORN_AT_LATEST_S = 2.0


@dataclass(frozen=True, slots=True)
class Stall(Fault):
    """PLAY is answered 200 and nothing is ever sent; the connection stays open."""

    name: ClassVar[str] = "stall"

    def on_stream(self) -> StreamFault:
        """See `Fault`."""
        return _Silence(0.0)


@dataclass(frozen=True, slots=True)
class StopSending(Fault):
    """After `seconds` nothing more is sent; the connection stays open and requests are answered."""

    name: ClassVar[str] = "stop"
    seconds: float = 5.0

    def on_stream(self) -> StreamFault:
        """See `Fault`."""
        return _Silence(self.seconds)


@dataclass(frozen=True, slots=True)
class Cut(Fault):
    """After `seconds` the connection is closed, without RTCP BYE."""

    name: ClassVar[str] = "cut"
    seconds: float = 5.0

    def on_stream(self) -> StreamFault:
        """See `Fault`."""
        return _Cut(self.seconds)


@dataclass(frozen=True, slots=True)
class MidFrame(Fault):
    """After `seconds` the connection is closed in the middle of a picture and of a packet."""

    name: ClassVar[str] = "mid-frame"
    seconds: float = 5.0

    def on_stream(self) -> StreamFault:
        """See `Fault`."""
        return _Tear(self.seconds)


@dataclass(frozen=True, slots=True)
class Loss(Fault):
    """Of the RTP packets `percent` are not sent; `seed` decides which."""

    name: ClassVar[str] = "loss"
    percent: float = 5.0
    seed: int = 1

    def on_stream(self) -> StreamFault:
        """See `Fault`."""
        return _Loss(self.percent / 100, self.seed)


@dataclass(frozen=True, slots=True)
class Jitter(Fault):
    """Every picture is sent up to `milliseconds` late; `seed` decides by how much."""

    name: ClassVar[str] = "jitter"
    milliseconds: float = 200.0
    seed: int = 1

    def on_stream(self) -> StreamFault:
        """See `Fault`."""
        return _Jitter(self.milliseconds / 1000, self.seed)


class _Silence(StreamFault):
    def __init__(self, after_s: float) -> None:
        super().__init__()
        self._after_s = after_s
        self._silent = after_s == 0

    def passes(self, unit: AccessUnit) -> bool:
        self._silent = self.elapsed_s(unit) >= self._after_s
        return not self._silent

    def report(self, report: bytes) -> bytes | None:
        return None if self._silent else report


class _Cut(StreamFault):
    def __init__(self, after_s: float) -> None:
        super().__init__()
        self._after_s = after_s

    def passes(self, unit: AccessUnit) -> bool:
        if self.elapsed_s(unit) >= self._after_s:
            raise HangUp
        return True


class _Tear(StreamFault):
    """Prefers a picture of several packets, so that a fragmented one is torn where there is one."""

    def __init__(self, after_s: float) -> None:
        super().__init__()
        self._after_s = after_s
        self._late_s = -after_s

    def passes(self, unit: AccessUnit) -> bool:
        self._late_s = self.elapsed_s(unit) - self._after_s
        return True

    def packets(self, packets: Sequence[bytes]) -> Sequence[bytes]:
        if self._late_s >= _TORN_AT_LATEST_S or (self._late_s >= 0 and len(packets) > 1):
            raise HangUp(packets)
        return packets


class _Loss(StreamFault):
    def __init__(self, share: float, seed: int) -> None:
        super().__init__()
        self._share = share
        self._random = random.Random(seed)  # noqa: S311 - chance that can be repeated

    def packets(self, packets: Sequence[bytes]) -> Sequence[bytes]:
        kept = [packet for packet in packets if self._random.random() >= self._share]
        return packets if len(kept) == len(packets) else kept


class _Jitter(StreamFault):
    def __init__(self, most_s: float, seed: int) -> None:
        super().__init__()
        self._most_s = most_s
        self._random = random.Random(seed)  # noqa: S311 - chance that can be repeated

    def delay_s(self) -> float:
        return self._random.uniform(0.0, self._most_s)
