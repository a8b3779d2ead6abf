"""Which sessions a camera believes it has. Told by `session`, asked by the session limit."""

import time
from collections import deque

_MOST_REMEMBERED = 1000


class SessionRegister:
    """Counts sessions, and those whose client went without TEARDOWN.

    Real cameras keep the latter for up to a minute, and refuse newcomers meanwhile.
    """

    def __init__(self) -> None:
        self._open = 0
        self._vanished: deque[float] = deque(maxlen=_MOST_REMEMBERED)

    def opened(self) -> None:
        """A SETUP made a session."""
        self._open += 1

    def closed(self, *, torn_down: bool) -> None:
        """A session ended: by TEARDOWN, or because its client vanished."""
        self._open -= 1
        if not torn_down:
            self._vanished.append(time.monotonic())

    def count(self, linger_s: float) -> int:
        """Sessions open now and those that vanished within the last `linger_s` seconds."""
        since = time.monotonic() - linger_s
        return self._open + sum(1 for at in self._vanished if at > since)
