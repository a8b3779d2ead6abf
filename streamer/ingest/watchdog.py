"""Judges the silence of one connection to a camera. Pure; used by the supervisor."""

from typing import Final

from streamer.ingest.protocol import Counters, Failure, FailureKind

_START_S: Final = 2.0
"""For starting the process, on top of the camera's own connect time-out."""
_KEYFRAME_S: Final = 60.0
"""Video that arrives may begin so late: some cameras send a keyframe only every half minute."""


class Watchdog:
    """Knows until when the next sign of life is due, and what to say when it does not come."""

    def __init__(self, connect_timeout_s: float, stall_timeout_s: float, now: float) -> None:
        """Watch from `now` on; all times are monotonic seconds.

        Args:
            connect_timeout_s: For the stream to be opened.
            stall_timeout_s: For the next sound frame, from then on.
            now: The connection begins.
        """
        self._connect_timeout_s = connect_timeout_s
        self._stall_timeout_s = stall_timeout_s
        self._patience_s = max(_KEYFRAME_S, stall_timeout_s)
        self._opened_at: float | None = None
        self._overdue_at = now + connect_timeout_s + _START_S
        self._seen = Counters()
        self._damaged = 0

    def opened(self, now: float) -> None:
        """The camera answered; frames are due."""
        if self._opened_at is None:
            self._opened_at = now
            self._overdue_at = now + self._stall_timeout_s

    def see(self, counters: Counters, now: float) -> bool:
        """Take in how far the decoder is; whether there is a new sound frame."""
        earlier, self._seen = self._seen, counters
        if counters.sound > earlier.sound:
            self.opened(now)
            self._overdue_at = now + self._stall_timeout_s
            self._damaged = counters.corrupt + counters.errors
            return True
        if self._opened_at is not None and self._begins and counters.packets > earlier.packets:
            latest = self._opened_at + self._patience_s
            self._overdue_at = max(self._overdue_at, min(now + self._stall_timeout_s, latest))
        return False

    def overdue(self, now: float) -> Failure | None:
        """Why the connection is given up, if it is."""
        if now < self._overdue_at:
            return None
        if self._opened_at is None:
            text = f"no answer in {self._connect_timeout_s:g} s"
            return Failure(FailureKind.UNREACHABLE, text)
        text = f"no frame in {self._stall_timeout_s:g} s"
        if self._seen.corrupt + self._seen.errors > self._damaged:
            text = f"only damaged frames in {self._stall_timeout_s:g} s"
        elif self._begins and now >= self._opened_at + self._patience_s:
            text = (
                f"video arrives but no keyframe in {self._patience_s:g} s: "
                "set the camera's keyframe interval to 2 s"
            )
        return Failure(FailureKind.STALLED, text)

    @property
    def _begins(self) -> bool:
        """Whether video arrives of which nothing could be decoded yet."""
        return self._seen.packets > 0 and not (self._seen.decoded or self._seen.errors)
