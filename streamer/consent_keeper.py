"""Ends consents whose term is over, and finishes erasures that a killed command left half-done.

A background task of the service. Nobody is matched upon an expired consent in the meantime: the
gallery and the check-in transaction ask for the term themselves.
"""

import asyncio
from datetime import date, datetime, tzinfo
from typing import Final, Protocol

import structlog

from streamer.clock import Clock
from streamer.errors import DatabaseError

log = structlog.get_logger(__name__)

_EVERY_S: Final = 10.0
# What keeps the log's old files may go on for long, and looking costs a checkpoint.
_AFTER_OBSTACLE_S: Final = 600.0


class ConsentStore(Protocol):
    """Where consents are; every method raises DatabaseError."""

    async def end_due(self, now: datetime) -> int:
        """End those whose term is over; return how many."""
        ...

    async def end_of_age(self, now: datetime) -> int:
        """End those given by guardians of patients who are of age; return how many."""
        ...


class Remains(Protocol):
    """What could not be destroyed."""

    @property
    def obstacle(self) -> str | None:
        """Why the database's log cannot be cleaned; None = it can."""
        ...


class RemnantStore(Protocol):
    """What destroys the erased keys' remnants."""

    async def destroy(self, *, log_too: bool = True) -> Remains:
        """Do what is due; raises DatabaseError where it has to be tried again."""
        ...


class ConsentKeeper:
    """Looks every ten seconds, and at midnight of the site."""

    def __init__(
        self, consents: ConsentStore, remnants: RemnantStore, zone: tzinfo, clock: Clock
    ) -> None:
        """Keep the collaborators; birthdays are days of `zone`."""
        self._consents = consents
        self._remnants = remnants
        self._zone = zone
        self._clock = clock
        self._looked_on: date | None = None
        self._trouble = ""
        self._log_from = clock.monotonic()

    async def refresh(self) -> None:
        """Do once what is due.

        Raises:
            DatabaseError: It is away, or the tables are held by a backup; nothing is half-done.
        """
        now = self._clock.now()
        today = now.astimezone(self._zone).date()
        await self._consents.end_due(now)
        if today != self._looked_on:
            await self._consents.end_of_age(now)
            self._looked_on = today
        moment = self._clock.monotonic()
        if moment < self._log_from:
            await self._remnants.destroy(log_too=False)
            return
        remains = await self._remnants.destroy()
        if remains.obstacle is not None:
            self._log_from = moment + _AFTER_OBSTACLE_S
        self._tell(remains.obstacle or "")

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until stopped. A database that is away is waited for."""
        while not stop.is_set():
            try:
                await self.refresh()
            except DatabaseError as error:
                self._tell(str(error))
            if await self._clock.sleep(_EVERY_S, stop):
                return

    def _tell(self, trouble: str) -> None:
        """Say what is in the way, once and not every ten seconds."""
        if trouble and trouble != self._trouble:
            log.warning("erasure not complete", reason=trouble)
        self._trouble = trouble
