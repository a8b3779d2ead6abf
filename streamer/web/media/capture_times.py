"""When a camera's packets were captured, on the service's clock, evenly. Pure; used by feeds.

A camera counts evenly, and nobody knows from when; packets arrive at known times, and unevenly. So
the camera's own count is used, moved to where it agrees with arrival on average: a picture plays
smoothly, and what was seen in it by the analysis lies at the same time.
"""

from fractions import Fraction
from typing import Final

_SHARE: Final = 1 / 64
"""Of the newest packet's delay in what is taken for the camera's: clocks run apart by seconds a
day, and the network's moods are over within seconds."""
_LEAP_S: Final = 0.5
_LEAST_S: Final = 0.001


class CaptureTimes:
    """One stream of packets, over any number of connections."""

    def __init__(self) -> None:
        """Begin before the first packet."""
        self._connection: int | None = None
        self._offset = 0.0
        self._latest: float | None = None

    def of(self, connection: int, pts: int, time_base: Fraction, received_at: float) -> float:
        """Return when a packet was captured; later than the one before.

        Args:
            connection: Times of two of them have nothing in common.
            pts: In units of `time_base`.
            time_base: Seconds.
            received_at: Monotonic seconds.
        """
        own = float(pts * time_base)
        delay = received_at - own
        if connection != self._connection or abs(delay - self._offset) > _LEAP_S:
            self._connection, self._offset = connection, delay
        else:
            self._offset += _SHARE * (delay - self._offset)
        at = own + self._offset
        if self._latest is not None:
            at = max(at, self._latest + _LEAST_S)
        self._latest = at
        return at
