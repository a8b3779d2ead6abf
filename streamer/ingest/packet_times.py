"""Gives packets usable times, whatever the camera says. Pure; used in the decoder process.

FFmpeg knows no time for the first keyframe of many connections, and some cameras send none at all,
or the same for ever. What shows packets (aiortc) fails on one without a time.
"""

from typing import Final

_LEAP_S: Final = 10
"""A camera's clock that leaps by more, against arrival, was set anew."""
_STOOD_STILL: Final = 5
"""So many packets in turn without a time of their own are no accident."""
_NS: Final = 1_000_000_000


class PacketTimes:
    """The camera's times where they advance as packets arrive, else times of arrival."""

    def __init__(self, ticks_per_second: int) -> None:
        """Begin a timeline.

        Args:
            ticks_per_second: The reciprocal of the stream's time base.
        """
        self._rate = ticks_per_second
        self.offset = 0
        """What is added to the camera's own times."""
        self._given: int | None = None
        self._latest: int | None = None
        self._arrived_ns = 0
        self._missing = 0

    @property
    def by_arrival(self) -> bool:
        """Whether the camera sends no usable times."""
        return self._missing >= _STOOD_STILL

    def presentation(self, pts: int | None, arrived_ns: int, *, reordered: bool = False) -> int:
        """A packet's time; later than that of the one before, unless packets are reordered.

        Args:
            pts: What the camera says, if anything.
            arrived_ns: Monotonic.
            reordered: The stream has B-frames, whose times go back and forth.
        """
        latest, arrival = self._latest, 0
        if latest is not None:
            arrival = latest + max(1, (arrived_ns - self._arrived_ns) * self._rate // _NS)
        own = None if pts is None else self._own(pts, arrival, reordered=reordered)
        self._missing = self._missing + 1 if own is None else 0
        # FFmpeg counts from the first packet, and that may be the one it gives no time.
        time = arrival if own is None else own
        self._given = self._given if pts is None else pts
        self._latest = time if latest is None else max(latest, time)
        self._arrived_ns = arrived_ns
        return time

    def _own(self, pts: int, arrival: int, *, reordered: bool) -> int | None:
        """The camera's time on this timeline, which it may move; None where it says nothing."""
        given, latest, time = self._given, self._latest, pts + self.offset
        if latest is None:
            return time
        behind = time < latest and not reordered
        advances = given is None or pts > given
        if (pts != given and abs(time - arrival) > _LEAP_S * self._rate) or (behind and advances):
            self.offset = arrival - pts
            return arrival
        return None if pts == given or time == latest or behind else time
