"""Has anybody moved? Pure; used in the decoder process on the small pictures of `luma`."""

import math
from collections.abc import Iterable
from operator import gt, sub, truediv
from typing import Final

_FLOOR: Final = 12.0
"""A block that changes by less never counts: what compression and averaged noise leave."""
_CEILING: Final = 40.0
"""And by more always does, however restless the block is."""
_NOISE_FACTOR: Final = 5.0
_COMMON_FACTOR: Final = 6.0
"""Times the median change of a picture: four standard deviations of noise."""
_NOISE_S: Final = 20.0
"""Time constant of the noise measured."""
_LEARN_S: Final = 0.9
"""So rarely it is: measuring costs more than comparing."""
_COMPARED_S: Final = 0.15
"""So old, at least, is the picture compared with: between two closer ones nobody gets far."""
_AREA_PX: Final = 3456
"""Pixels of the full picture that must change: one and a half faces of 48 x 48, the smallest that
is compared. Somebody that near changes several times as much with a step."""
_LEAST_BLOCKS: Final = 4


class MotionGate:
    """Compares each picture, block by block, with the one before it.

    A block has changed when it differs by more than its own noise explains: the mean absolute
    difference from picture to picture, measured while nobody moved, so that a flickering lamp or
    the pulse of keyframes raises the bar where it is and nowhere else. A change of the whole
    picture's brightness (a camera's automatic exposure) is taken out first.

    The picture before, and not a background learnt over a longer time: against a background whoever
    sits down, and the place left empty, differ for as long as it takes to learn them.
    """

    def __init__(self) -> None:
        self._before: bytes | None = None
        self._before_at = self._learnt_at = -math.inf
        self._noise: list[float] = []
        self._limits: list[float] = []

    def moves(self, luma: bytes, block_px: float, now: float) -> bool:
        """Whether something as large as a near face moved; so in the first picture.

        Args:
            luma: Grey values, always as many.
            block_px: Pixels of the full picture in each of them.
            now: Monotonic seconds.
        """
        before = self._before
        if before is None or len(before) != len(luma):
            self._noise, self._limits = [0.0] * len(luma), [_FLOOR] * len(luma)
            self._before, self._before_at, self._learnt_at = luma, now, now
            return True
        least = max(_LEAST_BLOCKS, round(_AREA_PX / block_px))
        changes = list(map(abs, map(sub, luma, before)))
        moved = self._count(changes) >= least
        if moved:
            moved = self._stand_out(luma, before) >= least
        if now - self._before_at >= _COMPARED_S:
            if not moved and now - self._learnt_at >= _LEARN_S:
                self._learn(changes, now - self._learnt_at)
                self._learnt_at = now
            self._before, self._before_at = luma, now
        return moved

    def _stand_out(self, luma: bytes, before: bytes) -> int:
        """Blocks that changed by more than exposure and what the whole picture does explain.

        Strong noise everywhere would otherwise keep itself from being learnt.
        """
        changes = list(map(abs, map(sub, luma, _as_bright_as(luma, before))))
        common = min(_CEILING, _COMMON_FACTOR * sorted(changes)[len(changes) // 2])
        return self._count([change if change > common else 0.0 for change in changes])

    def _count(self, changes: Iterable[float]) -> int:
        return sum(map(gt, changes, self._limits))

    def _learn(self, changes: list[int], elapsed: float) -> None:
        """Let the noise follow what still blocks do; one leap does not make a block noisy."""
        share = 1.0 - math.exp(-elapsed / _NOISE_S)
        self._noise = [
            noise + share * (min(change, limit) - noise)
            for noise, change, limit in zip(self._noise, changes, self._limits, strict=True)
        ]
        self._limits = [min(_CEILING, max(_FLOOR, _NOISE_FACTOR * noise)) for noise in self._noise]


def _as_bright_as(luma: bytes, before: bytes) -> list[float]:
    """`before` with the gain by which the median block changed: exposure multiplies light."""
    gains = sorted(map(truediv, luma, [value + 1 for value in before]))
    gain = gains[len(gains) // 2]
    return [value * gain for value in before]
