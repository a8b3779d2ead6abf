"""When it is enough to decode keyframes. Pure; used in the decoder process."""

from collections import deque
from typing import Final

_IDLE_GOP_S: Final = 2.5
"""By choice only where keyframes come so often (two seconds, and jitter): whoever enters
is seen that much later."""
_LONGEST_GOP_S: Final = 5.0
"""On request too: with rarer ones a camera would look as if it had stalled."""
_SPACING_S: Final = 0.5
"""Where every frame is a keyframe (MJPEG), no more than these are decoded."""
_MEASURED: Final = 3
_OVERDUE: Final = 1.5
"""Later than so many intervals: the camera stretches them, as some do in a still scene."""


class KeyframePolicy:
    """Measures how often keyframes come, and decides between them and all frames.

    The answer may change only at a keyframe: the frames after it refer to nothing before it.
    """

    def __init__(self, idle_after_s: float, longest_gop_s: float = _LONGEST_GOP_S) -> None:
        """Begin with all frames.

        Args:
            idle_after_s: Nobody moving for so long is reason enough; 0 = never.
            longest_gop_s: With rarer keyframes never, whatever is asked for.
        """
        self.asked_for = False
        self.reordered = False
        """With B-frames a decoder gives out a keyframe only after the next ones: far too late."""
        self._idle_after_s = idle_after_s
        self._longest_gop_s = min(longest_gop_s, _LONGEST_GOP_S)
        self._stretches = False
        self._last: float | None = None
        self._intervals: deque[float] = deque(maxlen=_MEASURED)
        self._only = False
        self._decoded_at = float("-inf")

    @property
    def only(self) -> bool:
        """Are only keyframes decoded?"""
        return self._only

    def decodes(self, now: float, quiet_s: float, *, keyframe: bool) -> bool:
        """Whether a packet is decoded.

        True for one that is no keyframe, after some that were left out: then those are to be
        decoded first, because no keyframe has come that would make up for them.

        Args:
            now: When it arrived, monotonic seconds.
            quiet_s: For how long nobody has moved.
            keyframe: Whether it is one.
        """
        if keyframe:
            if self._last is not None:
                self._intervals.append(now - self._last)
            self._last = now
            self._only = self._enough(quiet_s)
        elif self._only and self._overdue(now):
            self._stretches, self._only = True, False
        if self._only and (not keyframe or now - self._decoded_at < _SPACING_S):
            return False
        self._decoded_at = now
        return True

    def left_out(self) -> None:
        """Packets came too late to be decoded: the next interval between keyframes says nothing."""
        self._last = None

    def seen(self, quiet_s: float) -> None:
        """A keyframe was decoded: what it shows may be a reason to decode what refers to it."""
        self._only = self._only and self._enough(quiet_s)

    def _overdue(self, now: float) -> bool:
        return self._last is not None and now - self._last > _OVERDUE * max(self._intervals) + 0.5

    def _enough(self, quiet_s: float) -> bool:
        if self.reordered or self._stretches or len(self._intervals) < _MEASURED:
            return False
        gop_s = max(self._intervals)
        idle = 0 < self._idle_after_s <= quiet_s
        if gop_s > self._longest_gop_s:
            return False
        return (idle and gop_s <= _IDLE_GOP_S) or self.asked_for
