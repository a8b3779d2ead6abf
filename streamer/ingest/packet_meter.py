"""How many packets and bits a second come. Pure; used by `LiveView`."""

from collections import deque
from typing import Final

_WINDOW_S: Final = 5.0
_MOST: Final = 1024
_FEWEST: Final = 3


class PacketMeter:
    """Counts over the last five seconds, by time of arrival."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._seen: deque[tuple[float, int]] = deque(maxlen=_MOST)

    def count(self, at: float, size: int) -> None:
        """Take in a packet of so many bytes that arrived at a moment, monotonic seconds."""
        self._seen.append((at, size))

    def rates(self, now: float) -> tuple[float, int]:
        """Packets and bits a second; zeros where too few came lately."""
        while self._seen and now - self._seen[0][0] > _WINDOW_S:
            self._seen.popleft()
        if len(self._seen) < _FEWEST:
            return 0.0, 0
        span = self._seen[-1][0] - self._seen[0][0]
        if span <= 0:
            return 0.0, 0
        # The first packet marks the beginning and was sent before it.
        octets = sum(size for _, size in self._seen) - self._seen[0][1]
        return (len(self._seen) - 1) / span, round(8 * octets / span)
