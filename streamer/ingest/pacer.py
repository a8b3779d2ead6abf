"""Chooses which of a camera's frames are analysed. Pure; used in the decoder process."""

from typing import Final

_EARLY: Final = 0.25
"""Share of the interval by which a frame may come early and still count: network jitter."""


class Pacer:
    """Lets through `fps` frames a second by arrival time, evenly and without drift.

    The due times form a grid, so a frame that comes late does not move the ones after it, and the
    long-run rate never exceeds `fps` (the idea of the generic cell rate algorithm, ITU-T I.371,
    with the tolerance of a quarter of an interval). After a gap the grid begins anew.
    """

    def __init__(self, fps: float) -> None:
        self.fps = fps
        self._interval = 1.0 / fps
        self._due: float | None = None

    def take(self, now: float) -> bool:
        """Whether the frame that arrived at `now` (monotonic seconds) is analysed."""
        if self._due is None:
            self._due = now + self._interval
            return True
        if now < self._due - _EARLY * self._interval:
            return False
        on_the_grid = now - self._due < self._interval
        self._due = (self._due if on_the_grid else now) + self._interval
        return True
