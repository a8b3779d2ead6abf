"""A clock that stands still until a test moves it."""

import asyncio
from datetime import UTC, datetime, timedelta

from streamer.clock import Clock, SystemClock


class FakeClock:
    """Wall and monotonic time advance together; sleeping advances them at once."""

    def __init__(self, start: datetime = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)) -> None:
        self._now = start
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    async def sleep(self, seconds: float, stop: asyncio.Event) -> bool:
        self.advance(seconds)
        await asyncio.sleep(0)
        return stop.is_set()


class ShiftedClock(SystemClock):
    """Runs and waits as time does, from another moment on; its wall clock can be set."""

    def __init__(self, start: datetime) -> None:
        self._shift = start - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def set(self, moment: datetime) -> None:
        self._shift = moment - datetime.now(UTC)


class UnhurriedClock(FakeClock):
    """Tells another clock's time; a second passes whenever it is asked how much has passed.

    Nobody is held up for asking too often: that is another test's.
    """

    def __init__(self, other: Clock) -> None:
        super().__init__()
        self._other = other
        self._asked = 0

    def now(self) -> datetime:
        return self._other.now()

    def monotonic(self) -> float:
        self._asked += 1
        return float(self._asked)


class WaitingClock(SystemClock):
    """Tells another clock's time, and waits as time does."""

    def __init__(self, other: Clock) -> None:
        self._other = other

    def now(self) -> datetime:
        return self._other.now()
