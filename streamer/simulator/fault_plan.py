"""When faults begin and end by the clock. Made by `kirdi camera simulate`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from streamer.simulator.faults.fault import Fault


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """A healthy camera for `after_s` seconds, then faults, and after `for_s` more none again.

    `for_s` None means that they stay.
    """

    faults: tuple[Fault, ...]
    after_s: float = 0.0
    for_s: float | None = None

    @property
    def at_start(self) -> tuple[Fault, ...]:
        """The faults a camera has from the first moment."""
        return () if self.after_s else self.faults

    async def follow(
        self, set_faults: Callable[[tuple[Fault, ...]], Awaitable[None]], stop: asyncio.Event
    ) -> None:
        """Set and clear the faults in time; returns when nothing is left to do, or at `stop`."""
        if self.after_s:
            if await _came(stop, self.after_s):
                return
            await set_faults(self.faults)
        if self.for_s is not None and not await _came(stop, self.for_s):
            await set_faults(())


async def _came(stop: asyncio.Event, within_s: float) -> bool:
    try:
        await asyncio.wait_for(stop.wait(), within_s)
    except TimeoutError:
        return False
    return True
