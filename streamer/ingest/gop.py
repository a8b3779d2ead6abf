"""The pictures since the last keyframe: whoever begins to look sees something at once. Pure.

Kept in the decoder process (a reference to each packet that FFmpeg has in memory anyway) and, while
somebody looks, in the service.
"""

from collections.abc import Iterator
from typing import Final, Generic, TypeVar

MOST_BYTES: Final = 4 * 1024 * 1024
"""Eight seconds at 4 Mbit/s. Of a longer GOP nothing is kept: it would be of no use in part."""
MOST_PACKETS: Final = 512

T = TypeVar("T")


class Gop(Generic[T]):
    """Packets from a keyframe on, within bounds."""

    def __init__(self) -> None:
        """Begin empty."""
        self._packets: list[T] = []
        self._bytes = 0

    def __iter__(self) -> Iterator[T]:
        """From the keyframe on."""
        return iter(self._packets)

    def add(self, packet: T, size: int, *, keyframe: bool) -> None:
        """Take in the next packet, of so many bytes; without a keyframe before it, it is let go."""
        if keyframe:
            self.clear()
        elif not self._packets:
            return
        self._packets.append(packet)
        self._bytes += size
        if self._bytes > MOST_BYTES or len(self._packets) > MOST_PACKETS:
            self.clear()

    def clear(self) -> None:
        """Forget them, until the next keyframe."""
        self._packets.clear()
        self._bytes = 0
