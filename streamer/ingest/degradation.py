"""What is wrong with frames that do come. Pure; used by the supervisor."""

from collections import deque
from typing import Final

from streamer.ingest.condition import Condition

_WINDOW_S: Final = 60.0
_SPAN_S: Final = 20.0
"""A shorter look says nothing: models that warm up drop frames too."""
_EVERY_S: Final = 1.0
_TOO_MUCH: Final = 0.20
_AGAIN_FINE: Final = 0.10
_STEADY_S: Final = 5.0
"""A reason stands for so long: whatever flickers must not fill the database with intervals."""
_FLAWS: Final = ("dark", "blurred", "covered", "moved")
DROPPING: Final = "more than 20 % of frames dropped"


class Degradation:
    """Weighs a decoder's remarks on the picture and the frames that were dropped."""

    def __init__(self) -> None:
        self._condition: Condition | None = None
        self._samples: deque[tuple[float, int, int]] = deque()
        self._dropping = False
        self._reason = ""
        self._changed_at = -_STEADY_S

    def reconnected(self) -> None:
        """Forget the picture; the frames dropped in the last minute stay known."""
        self._condition = None
        self._reason = ""
        self._changed_at = -_STEADY_S

    def see(self, condition: Condition) -> None:
        """Take in what the decoder says of the picture."""
        self._condition = condition

    def count(self, now: float, analysed: int, dropped: int) -> None:
        """Take in the totals of a moment (monotonic seconds); they never run backwards."""
        samples = self._samples
        if samples and now - samples[-1][0] < _EVERY_S:
            return
        samples.append((now, analysed, dropped))
        while now - samples[0][0] > _WINDOW_S:
            samples.popleft()
        began, analysed_then, dropped_then = samples[0]
        lost = dropped - dropped_then
        due = lost + analysed - analysed_then
        if now - began >= _SPAN_S:
            self._dropping = lost > due * (_AGAIN_FINE if self._dropping else _TOO_MUCH)

    def reason(self, now: float, *, forced_keyframes: bool) -> str:
        """What is wrong, empty if nothing; the same for some seconds at least.

        Args:
            now: Monotonic seconds.
            forced_keyframes: The service asked for keyframes only.
        """
        found = [flaw for flaw in _FLAWS if getattr(self._condition, flaw, False)]
        if forced_keyframes:
            found.append("keyframes only")
        if self._dropping:
            found.append(DROPPING)
        reason = ", ".join(found)
        if reason != self._reason and now - self._changed_at >= _STEADY_S:
            self._reason, self._changed_at = reason, now
        return self._reason
