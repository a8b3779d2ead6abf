"""When to connect to a camera again. Pure; used by the supervisor."""

import random
from typing import Final

from streamer.ingest.protocol import FailureKind

_FIRST_S: Final = 1.0
_LONGEST_S: Final = 10.0
_REFUSED_S: Final = 60.0
_REFUSALS: Final = frozenset({FailureKind.UNAUTHORIZED, FailureKind.BUSY})
_DELIVERED_S: Final = 3.0
"""Frames for so long prove that the camera is there: it is not kept waiting as an absent one is."""
_HEALTHY_S: Final = 120.0
"""Frames for so long prove that what was wrong is over: the next failure is a first one."""
_RECYCLED_S: Final = 60.0
"""A decoder that needs more memory than it may before that is no slow leak, but a failure."""


class Backoff:
    """Doubles from 1 s to 10 s, jittered so that cameras behind one switch do not return together.

    A camera that refuses the credentials is asked once a minute, because many lock an account after
    a few failures; so is one that has no session left, because it takes that long to forget one.
    One that was delivering waits 4 s at most, and after minutes of health 1 s.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._failures = 0

    def next_delay(self, kind: FailureKind, *, healthy_s: float) -> float:
        """Seconds to wait after a connection that ended with `kind`.

        Args:
            kind: Why it ended.
            healthy_s: For how long it delivered frames; 0 if it never did.
        """
        if kind is FailureKind.RECYCLED and healthy_s >= _RECYCLED_S:
            return 0.0
        if kind in _REFUSALS:
            return _REFUSED_S * self._chance.uniform(0.9, 1.0)
        if healthy_s >= _HEALTHY_S:
            self._failures = 0
        elif healthy_s >= _DELIVERED_S:
            self._failures = min(self._failures, 2)
        if healthy_s > 0 and kind is FailureKind.ENDED:
            return _FIRST_S
        ceiling = min(_LONGEST_S, _FIRST_S * 2.0 ** min(self._failures, 10))
        self._failures += 1
        return ceiling * self._chance.uniform(0.5, 1.0)
