"""When something that looks every second looks again: at its time, or sooner when it is woken."""

import asyncio
from typing import Final

from streamer.clock import Clock

REST_S: Final = 0.1
"""However often it is woken, it looks at most ten times a second."""


class Alarm:
    """Wakes one task. Being woken a thousand times before it looks is being woken once."""

    def __init__(self, clock: Clock, period_s: float) -> None:
        """Ring every `period_s` by itself."""
        self._clock = clock
        self._period_s = period_s
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Ring now, or after the rest that is due. Called on the loop; never blocks."""
        self._woken.set()

    async def wait(self, took_s: float, stop: asyncio.Event) -> bool:
        """Wait for the next time to look; True when stopped instead.

        Args:
            took_s: How long the last look took: it rests as long, so that looking takes half of
                what there is at most, however much it is woken.
            stop: Ends the wait at once.
        """
        rest_s = min(self._period_s, max(REST_S, took_s))
        if await self._clock.sleep(rest_s, stop):
            return True
        left_s = self._period_s - rest_s
        if left_s > 0 and not self._woken.is_set():
            waits = [
                asyncio.ensure_future(self._clock.sleep(left_s, stop)),
                asyncio.ensure_future(self._woken.wait()),
            ]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in waits:
                    one.cancel()
        # Before it looks: what is changed while it looks rings again.
        self._woken.clear()
        return stop.is_set()
