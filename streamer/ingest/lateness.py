"""Which packets are too late to be worth decoding. Pure; used in the decoder process.

A decoder that gets too little of the processor falls behind: what the camera sends waits in
sockets, and frames are taken for new ones that are seconds old.
"""

from typing import Final

_LATE_S: Final = 1.0
_LASTS_S: Final = 1.0
"""A network that paused sends the rest at once, and decoding that takes less than this."""
_CAUGHT_UP_S: Final = 0.3
_PATIENCE_S: Final = 6.0
"""Leaving out does not help for so long: it is the camera or the network that is late."""
_LONGEST_GOP_S: Final = 5.0
"""With rarer keyframes it would take too long until there is a picture again."""
_LONGEST_STEP_S: Final = 5.0
_DRIFT: Final = 0.001
"""Clocks of cameras go wrong by less."""


class Lateness:
    """Holds the camera's own times against those of arrival.

    The packet that came soonest after its time sets what is no delay. A camera's clock only has to
    run evenly: where it stands still or leaps, what is no delay is learnt anew.
    """

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._sent: float | None = None
        self._now = 0.0
        self._least = self._delay_s = 0.0
        self._late_since: float | None = None
        self._left_out_since: float | None = None
        self._keyframe_sent: float | None = None
        self._gop_s: float | None = None

    def leaves_out(self, sent: float | None, now: float, *, keyframe: bool) -> bool:
        """Whether the packet is to be left out; it goes on until a keyframe that is in time.

        Args:
            sent: The camera's time for decoding it, seconds; None where it names none.
            now: When it was taken from the connection, monotonic seconds.
            keyframe: Whether it is one.
        """
        self._compare(sent, now)
        if keyframe:
            self._measure(sent)
        if self._delay_s <= _LATE_S:
            self._late_since = None
        elif self._late_since is None:
            self._late_since = now
        if self._left_out_since is not None:
            self._resume(sent, now, keyframe=keyframe)
        elif self._lasts(now) and self._gop_s is not None and self._gop_s <= _LONGEST_GOP_S:
            self._left_out_since = now
        return self._left_out_since is not None

    def _lasts(self, now: float) -> bool:
        return self._late_since is not None and now - self._late_since >= _LASTS_S

    def _compare(self, sent: float | None, now: float) -> None:
        before, self._sent = self._sent, sent
        if sent is None:
            self._delay_s = 0.0
            return
        if before is None or not 0 <= sent - before <= _LONGEST_STEP_S:
            self._least = now - sent
            self._keyframe_sent = None
        elif sent > before:
            self._least = min(self._least + _DRIFT * (now - self._now), now - sent)
        else:
            return  # The rest of a picture, or a clock that stands still: no news.
        self._now = now
        self._delay_s = now - sent - self._least

    def _measure(self, sent: float | None) -> None:
        if sent is not None and self._keyframe_sent is not None:
            self._gop_s = sent - self._keyframe_sent
        self._keyframe_sent = sent

    def _resume(self, sent: float | None, now: float, *, keyframe: bool) -> None:
        assert self._left_out_since is not None
        in_vain = now - self._left_out_since >= _PATIENCE_S
        if not keyframe or (self._delay_s > _CAUGHT_UP_S and not in_vain):
            return
        if in_vain and sent is not None:
            self._least, self._delay_s = now - sent, 0.0
        self._late_since = self._left_out_since = None
