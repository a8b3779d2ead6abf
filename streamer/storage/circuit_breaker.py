"""Keeps a server that is away from costing every caller its time-out. Pure: times are passed in."""


class CircuitBreaker:
    """Open (nothing passes) for a pause after a failure; then one caller may try, not all."""

    def __init__(self, pause_s: float) -> None:
        """Begin in order."""
        self._pause_s = pause_s
        self._open_until: float | None = None

    def allows(self, now: float) -> bool:
        """May a call be made? The first one after the pause starts another pause for the rest."""
        if self._open_until is None:
            return True
        if now < self._open_until:
            return False
        self._open_until = now + self._pause_s
        return True

    def failed(self, now: float) -> bool:
        """Note a failure; True if it is the first of an outage."""
        first = self._open_until is None
        self._open_until = now + self._pause_s
        return first

    def succeeded(self) -> bool:
        """Note a success; True if it ends an outage."""
        was_away = self._open_until is not None
        self._open_until = None
        return was_away
