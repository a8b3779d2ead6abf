"""Which packets are too late to be worth decoding. Pure; used in the decoder process.

A decoder that gets too little of the processor falls behind: what the camera sends waits in
sockets, and frames are taken for new ones that are seconds old.
"""

from typing import Final

_LATE_S: Final = 1.0
_LASTS_S: Final = 1.0
"""A network that paused sends the rest at once, and decoding that takes less than this."""
_CAUGHT_UP_S: Final = 0.3
_LONGEST_GOP_S: Final = 5.0
"""With rarer keyframes it would take too long until there is a picture again."""
_LONGEST_STEP_S: Final = 5.0


class Lateness:
    """Holds the camera's own times against those of arrival, while packets wait to be taken.

    Where none waits the decoder is in time, whatever the times say: a camera's clock may go wrong,
    and a network may be late. Where it stands still or leaps, what is no delay is learnt anew.
    """

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._sent: float | None = None
        self._least = self._delay_s = 0.0
        self._late_since: float | None = None
        self._leaving_out = False
        self._keyframe_sent: float | None = None
        self._gop_s: float | None = None

    def leaves_out(self, sent: float | None, now: float, *, keyframe: bool, waiting: bool) -> bool:
        """Whether the packet is to be left out; it goes on until a keyframe that is in time.

        Args:
            sent: The camera's time for decoding it, seconds; None where it names none.
            now: When it was taken from the connection, monotonic seconds.
            keyframe: Whether it is one.
            waiting: Whether more packets have arrived already.
        """
        self._compare(sent, now, waiting=waiting)
        if keyframe:
            self._measure(sent)
        if self._delay_s <= _LATE_S:
            self._late_since = None
        elif self._late_since is None:
            self._late_since = now
        if self._leaving_out:
            self._leaving_out = not keyframe or self._delay_s > _CAUGHT_UP_S
        else:
            often = self._gop_s is not None and self._gop_s <= _LONGEST_GOP_S
            self._leaving_out = often and self._lasts(now)
        return self._leaving_out

    def _compare(self, sent: float | None, now: float, *, waiting: bool) -> None:
        before, self._sent = self._sent, sent
        if sent is None:
            self._delay_s = 0.0
            return
        evenly = before is not None and 0 <= sent - before <= _LONGEST_STEP_S
        if not evenly:
            self._keyframe_sent = None
        if not evenly or not waiting:
            self._least = now - sent
        elif sent == before:
            return  # The rest of a picture, or a clock that stands still: no news.
        self._least = min(self._least, now - sent)
        self._delay_s = now - sent - self._least

    def _measure(self, sent: float | None) -> None:
        if sent is not None and self._keyframe_sent is not None:
            self._gop_s = sent - self._keyframe_sent
        self._keyframe_sent = sent

    def _lasts(self, now: float) -> bool:
        return self._late_since is not None and now - self._late_since >= _LASTS_S
