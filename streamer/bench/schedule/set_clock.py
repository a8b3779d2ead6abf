"""A clock that runs as time does, and can be set to another day."""

from datetime import datetime, timedelta

from streamer.clock import SystemClock


class SetClock(SystemClock):
    """Only its wall time is set."""

    def __init__(self) -> None:
        """Begin at the real time."""
        self._shift = timedelta()

    def now(self) -> datetime:
        """See `Clock`."""
        return super().now() + self._shift

    def set(self, moment: datetime) -> None:
        """Be at `moment` now."""
        self._shift = moment - super().now()
