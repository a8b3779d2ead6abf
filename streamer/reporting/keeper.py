"""Makes reports final when their time is over, and sends what is to be sent: a background task."""

import asyncio
from typing import Final, Protocol

import structlog

from streamer.clock import Clock
from streamer.errors import DatabaseError

log = structlog.get_logger(__name__)

_EVERY_S: Final = 10.0
_FINAL_EVERY_S: Final = 60.0


class Upkeep(Protocol):
    """Makes reports final; see `ReportUpkeep`."""

    async def finish(self, stop: asyncio.Event) -> int:
        """Do what is due; raises DatabaseError."""
        ...


class Sending(Protocol):
    """Sends revisions; see `ReportSending`."""

    async def send_next(self) -> bool:
        """Try one that is due; False = there is none; raises DatabaseError."""
        ...


class ReportKeeper:
    """Looks every ten seconds."""

    def __init__(self, upkeep: Upkeep, sending: Sending, clock: Clock) -> None:
        """Keep the collaborators."""
        self._upkeep = upkeep
        self._sending = sending
        self._clock = clock
        self._final_from = clock.monotonic()
        self._trouble = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until stopped. A database that is away is waited for."""
        while not stop.is_set():
            try:
                await self.refresh(stop)
                self._trouble = ""
            except DatabaseError as error:
                if str(error) != self._trouble:
                    log.warning("reports wait for the database", reason=str(error))
                self._trouble = str(error)
            if await self._clock.sleep(_EVERY_S, stop):
                return

    async def refresh(self, stop: asyncio.Event) -> None:
        """Do once what is due; raises DatabaseError."""
        if self._clock.monotonic() >= self._final_from:
            await self._upkeep.finish(stop)
            self._final_from = self._clock.monotonic() + _FINAL_EVERY_S
        while not stop.is_set() and await self._sending.send_next():
            pass
