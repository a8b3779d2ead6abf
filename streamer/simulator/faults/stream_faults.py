"""The camera's faults as one stream meets them. Made by `session`, asked by `media_sender`."""

from collections.abc import Iterator, Sequence

from streamer.simulator.access_unit import AccessUnit
from streamer.simulator.faults.board import FaultBoard
from streamer.simulator.faults.fault import Fault
from streamer.simulator.faults.stream_fault import HangUp, StreamFault


class StreamFaults:
    """Follows the board: a fault that stays keeps its state, one that goes loses it."""

    def __init__(self, board: FaultBoard) -> None:
        self._board = board
        self._made: dict[Fault, StreamFault | None] = {}

    def passes(self, unit: AccessUnit) -> bool:
        """Whether the picture is sent. Raises `HangUp` where the camera hangs up instead."""
        # Every fault sees every picture, or its clock would stand still.
        verdicts = [(name, self._noted(name, fault, unit)) for name, fault in self._current()]
        stopping = [name for name, passes in verdicts if not passes]
        for name in stopping:
            self._board.fired(name)
        return not stopping

    def packets(self, packets: Sequence[bytes]) -> Sequence[bytes]:
        """What is left of a picture's packets. Raises `HangUp`, as `passes` does."""
        for name, fault in self._current():
            try:
                changed = fault.packets(packets)
            except HangUp:
                self._board.fired(name)
                raise
            if changed is not packets:
                self._board.fired(name)
            packets = changed
        return packets

    def report(self, report: bytes) -> bytes | None:
        """What is left of a report."""
        for _, fault in self._current():
            changed = fault.report(report)
            if changed is None:
                return None
            report = changed
        return report

    def delay_s(self) -> float:
        """How much later than due the next picture is sent."""
        total = 0.0
        for name, fault in self._current():
            delay = fault.delay_s()
            if delay > 0:
                self._board.fired(name)
            total += delay
        return total

    def _noted(self, name: str, fault: StreamFault, unit: AccessUnit) -> bool:
        try:
            return fault.passes(unit)
        except HangUp:
            self._board.fired(name)
            raise

    def _current(self) -> Iterator[tuple[str, StreamFault]]:
        faults = self._board.faults
        if tuple(self._made) != faults:
            self._made = {
                fault: self._made[fault] if fault in self._made else fault.on_stream()
                for fault in faults
            }
        return ((fault.name, made) for fault, made in list(self._made.items()) if made is not None)
