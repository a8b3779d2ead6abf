"""Does the camera still look where it did? Pure; used in the decoder process.

What is compared is the direction and strength of edges, since light changes all day and walls do
not, in a picture so small and so slowly averaged that people vanish from it.
"""

import math
from operator import mul, sub
from typing import Final

from streamer.ingest.luma import BLOCKS
from streamer.ingest.protocol import REFERENCE_SIZE

_AVERAGED_S: Final = 20.0
"""Time constant of the view: who walks by leaves no edge in it."""
_SETTLED_S: Final = 60.0
"""A view watched for so long is good enough to become the reference."""
_RENEWED_S: Final = 60.0
_RENEWAL: Final = 0.05
"""Share of the view that the reference takes in each time: it follows the seasons of a day."""
_SAME: Final = 0.35
"""Correlation of edges below which the camera looks elsewhere."""


class Viewpoint:
    """The slowly averaged view and the reference it is held against."""

    def __init__(self, reference: bytes) -> None:
        """Begin with the reference of an earlier connection, or with none.

        Args:
            reference: Grey values of `REFERENCE_SIZE`; anything of another length is none.
        """
        count = REFERENCE_SIZE[0] * REFERENCE_SIZE[1]
        self._reference = [float(v) for v in reference] if len(reference) == count else None
        self._view: list[float] | None = None
        self._seen_at = self._since = self._renewed_at = 0.0

    def look(self, blocks: bytes, now: float) -> None:
        """Take in a sound picture: grey, of `luma.BLOCKS`."""
        fresh = _halved(blocks)
        if self._view is None:
            self._view, self._since, self._renewed_at = fresh, now, now
        else:
            share = 1.0 - math.exp(-(now - self._seen_at) / _AVERAGED_S)
            self._view = [v + share * (f - v) for v, f in zip(self._view, fresh, strict=True)]
        self._seen_at = now

    def elsewhere(self) -> bool:
        """Whether the view is another one than the reference's; not so while there is none."""
        if self._view is None or self._reference is None:
            return False
        return _correlation(_edges(self._view), _edges(self._reference)) < _SAME

    def renewed(self, now: float) -> bytes | None:
        """The reference, where it is new or has changed since it was last asked for.

        Not to be called while the camera looks elsewhere: the reference would follow it there.
        """
        view = self._view
        if view is None or now - self._since < _SETTLED_S or now - self._renewed_at < _RENEWED_S:
            return None
        old, self._renewed_at = self._reference, now
        if old is None:
            self._reference = list(view)
        else:
            self._reference = [o + _RENEWAL * (v - o) for o, v in zip(old, view, strict=True)]
        return bytes(map(round, self._reference))


def _halved(blocks: bytes) -> list[float]:
    """Means of two by two values."""
    width, height = BLOCKS
    halved: list[float] = []
    for y in range(0, height, 2):
        upper, lower = blocks[y * width : (y + 1) * width], blocks[(y + 1) * width :]
        halved += [
            (a + b + c + d) / 4
            for a, b, c, d in zip(upper[::2], upper[1::2], lower[::2], lower[1::2], strict=False)
        ]
    return halved


def _edges(view: list[float]) -> list[float]:
    """Differences to the right and lower neighbour; a wall's end counts, its brightness not."""
    width = REFERENCE_SIZE[0]
    return list(map(sub, view[1:], view)) + list(map(sub, view[width:], view))


def _correlation(a: list[float], b: list[float]) -> float:
    """Cosine between two lists of differences; 1 where there is nothing to compare."""
    norm = math.sqrt(sum(map(mul, a, a)) * sum(map(mul, b, b)))
    return sum(map(mul, a, b)) / norm if norm else 1.0
