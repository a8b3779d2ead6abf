"""What a fault does to one client's stream. Made by `fault`, asked by `stream_faults`."""

from collections.abc import Sequence

from streamer.simulator.access_unit import CLOCK_RATE, AccessUnit


class HangUp(Exception):  # noqa: N818 - what the camera does, not what went wrong
    """The camera ends the connection; of the picture `torn` it still sends a part."""

    def __init__(self, torn: Sequence[bytes] = ()) -> None:
        super().__init__("the simulated camera hangs up")
        self.torn = torn


class StreamFault:
    """Acts on one stream, from PLAY or from when the fault is set to when either ends.

    Time is the stream's own (what its pictures say), so that the same file gives the same faults.
    """

    def __init__(self) -> None:
        self._first_dts: int | None = None

    def passes(self, unit: AccessUnit) -> bool:
        """Whether a picture is sent at all; one that is not leaves no gap in the numbering.

        Called for every picture, in order, before the other methods.

        Raises:
            HangUp: The camera ends the connection instead.
        """
        return self.elapsed_s(unit) >= 0

    def elapsed_s(self, unit: AccessUnit) -> float:
        """Seconds from the first picture this fault has seen to `unit`."""
        if self._first_dts is None:
            self._first_dts = unit.dts
        return (unit.dts - self._first_dts) / CLOCK_RATE

    def packets(self, packets: Sequence[bytes]) -> Sequence[bytes]:
        """What becomes of a picture's RTP packets; the same object where nothing does.

        Raises:
            HangUp: The camera ends the connection instead.
        """
        return packets

    def report(self, report: bytes) -> bytes | None:
        """What becomes of an RTCP packet; None where it is not sent."""
        return report

    def delay_s(self) -> float:
        """How much later than due the next picture is sent."""
        return 0.0
