"""Which of the due frames are worth a detector's look. Pure; used in the decoder process."""

import math
from typing import Final

from streamer.ingest.motion_gate import MotionGate

_ANYWAY_S: Final = 3.0
"""Somebody who stood there from the start and never moves is found within so long."""
_SEARCH_S: Final = 0.35
"""While something moves and no face is known, looks are at least so far apart: at five frames a
second every second one. The first face found brings every frame."""
_JUDGED_AGAIN_S: Final = 0.5
_EARLY_S: Final = 0.05
"""Due times jitter by about a frame."""


class Attention:
    """Motion is searched for faces; a face is followed; a still picture is looked at now and then.

    The decoder knows nothing of faces: the service says that one is being followed (`hold`).
    """

    def __init__(self) -> None:
        self._gate = MotionGate()
        self._looked_at = -math.inf
        self._held_until = -math.inf
        self._active_at: float | None = None

    def hold(self, until: float) -> None:
        """Want every frame up to this moment; an earlier hold is not shortened."""
        self._held_until = max(self._held_until, until)

    def follows(self, now: float) -> bool:
        """Whether this due frame is wanted whatever it shows, so that `wants` need not be asked.

        Towards the end of a hold it is asked again: motion is judged by the picture before.
        """
        if now >= self._held_until - _JUDGED_AGAIN_S:
            return False
        self._active_at = self._looked_at = now
        return True

    def wants(self, luma: bytes, block_px: float, now: float) -> bool:
        """Whether this due frame is to be analysed.

        Args:
            luma: The frame's small picture (`luma.BLOCKS`).
            block_px: Pixels of the frame in each of its values.
            now: Monotonic seconds.
        """
        moved, held = self._gate.moves(luma, block_px, now), now < self._held_until
        if moved or held or self._active_at is None:
            self._active_at = now
        since = now - self._looked_at
        wanted = held or (moved and since >= _SEARCH_S) or since >= _ANYWAY_S - _EARLY_S
        if wanted:
            self._looked_at = now
        return wanted

    def quiet_s(self, now: float) -> float:
        """For how long nothing has moved and no face was followed."""
        if self._active_at is None or now < self._held_until:
            return 0.0
        return now - self._active_at
