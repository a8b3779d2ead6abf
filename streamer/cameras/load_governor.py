"""How much of the video is analysed when the machine is short. Pure; run by `LoadWatch`.

All cameras slow by the same share: the alternative, frames dropped where the machine happens to be
late, takes most from whoever comes last.
"""

from dataclasses import dataclass
from typing import Final

_LEAST_FPS: Final = 1.0
_SHORT: Final = 0.10
_CALM: Final = 0.03
_HOPELESS: Final = 0.50
"""Keyframes alone are too few to recognise who walks past: only where little else is left."""
_SETTLING_S: Final = 6.0
"""For so long a new pace is left to show its effect."""
_FEWEST_DUE: Final = 10
_PATIENCE_S: Final = 30.0
_MOST_PATIENCE_S: Final = 480.0
_RELAPSE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Level:
    """A pace for every camera.

    Attributes:
        share: Of the frames a second that a camera's settings ask for.
        keyframes_only: Nothing between keyframes is decoded.
    """

    share: float
    keyframes_only: bool = False

    def of(self, fps: float) -> float:
        """Frames a second at this level; never less than one where more were asked for."""
        return min(fps, max(_LEAST_FPS, self.share * fps))


LEVELS: Final = (Level(1.0), Level(0.75), Level(0.55), Level(0.4), Level(0.4, keyframes_only=True))
"""Below two frames a second who walks past is not followed any more: so the last step saves on
decoding instead."""


class LoadGovernor:
    """Steps down when more than a tenth of the due frames is dropped, and up after a calm while.

    Down it goes at once to where what is asked for is about what was possible; up by single steps.

    Each step up that the machine cannot hold doubles the calm wanted before the next one, up to
    eight minutes, so that a machine that is always short does not swing.
    """

    def __init__(self) -> None:
        """Start at full pace."""
        self._step = 0
        self._patience_s = _PATIENCE_S
        self._raised_at: float | None = None
        self._since: float | None = None
        self._calm_since: float | None = None
        self._due = self._dropped = 0

    @property
    def level(self) -> Level:
        """The pace of the moment."""
        return LEVELS[self._step]

    def weigh(self, now: float, due: int, dropped: int) -> Level:
        """Take in what came about since the last call.

        Args:
            now: Monotonic seconds.
            due: Frames of all cameras that should have been analysed.
            dropped: Those among them that were not.

        Returns:
            The pace from now on.
        """
        if self._since is None:
            self._since = now
        self._due += due
        self._dropped += dropped
        if now - self._since < _SETTLING_S:
            return self.level
        if self._dropped and self._due < _FEWEST_DUE:
            return self.level
        if self._dropped > _SHORT * self._due:
            self._step_down(now)
        elif self._dropped > _CALM * self._due:
            self._calm_since = None
        else:
            self._step_up(now)
        self._since, self._due, self._dropped = now, 0, 0
        return self.level

    def _step_down(self, now: float) -> None:
        self._calm_since = None
        last = self._step + 1 == len(LEVELS)
        if last or (LEVELS[self._step + 1].keyframes_only and not self._hopeless):
            return
        self._step = max(self._step + 1, self._fitting())
        relapse = self._raised_at is not None and now - self._raised_at < _RELAPSE_S
        self._patience_s = min(2 * self._patience_s, _MOST_PATIENCE_S) if relapse else _PATIENCE_S

    @property
    def _hopeless(self) -> bool:
        return self._dropped > _HOPELESS * self._due

    def _fitting(self) -> int:
        """The first step at which what could be analysed is about all that is asked for."""
        able = self.level.share * (self._due - self._dropped) / self._due / (1.0 - _SHORT)
        paces = [step for step, one in enumerate(LEVELS) if not one.keyframes_only]
        return next((step for step in paces if LEVELS[step].share <= able), paces[-1])

    def _step_up(self, now: float) -> None:
        if self._calm_since is None:
            self._calm_since = now
        if self._step and now - self._calm_since >= self._patience_s:
            self._step -= 1
            self._raised_at, self._calm_since = now, None
