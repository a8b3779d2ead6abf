"""Hears from PostgreSQL what others change (LISTEN), on a connection of its own. Run by `app`.

It only makes things quicker: gallery and schedule look for themselves every second anyway. See
docs/design/0014.
"""

import asyncio
import json
import random
from collections.abc import Callable
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from streamer.clock import Clock
from streamer.domain.change import Change
from streamer.errors import DatabaseError
from streamer.storage.postgres import Postgres

log = structlog.get_logger(__name__)

CHANNEL: Final = "kirdi_changes"
PROBE_S: Final = 30.0
"""A connection that was cut without a word is noticed within this and one time-out."""
GATHER_S: Final = 0.02
"""Messages that come so soon after one another are told as one."""
MOST_GATHERINGS: Final = 5
"""But none waits longer than so many times that."""
MOST_PATIENTS: Final = 200
"""Of more patients at once it is said that all may have changed."""

_FIRST_RETRY_S: Final = 1.0
_LONGEST_RETRY_S: Final = 10.0
_LONGEST_MESSAGE: Final = 8000

LOOK: Final = Change(frozenset())
"""Something may have been missed. What was changed, if anything, is found by looking."""


class ChangeFeed:
    """Listens, and listens again after every cut.

    Messages are gathered, so that a burst of any length is told once, and holds no more memory than
    `MOST_PATIENTS` ids. After a cut anything may have changed, and everything is looked at.
    """

    def __init__(
        self,
        postgres: Postgres,
        site_id: str,
        tell: Callable[[Change], None],
        clock: Clock,
        chance: random.Random | None = None,
    ) -> None:
        """Keep the collaborators; `run` connects.

        Args:
            postgres: Which database, and its time-outs; none of the pool's connections is used.
            site_id: Whose changes are told.
            tell: Called on the loop; must neither block nor raise.
            clock: Waits.
            chance: Spreads the retries.
        """
        self._postgres = postgres
        self._site_id = site_id
        self._tell = tell
        self._clock = clock
        self._chance = chance or random.Random()  # noqa: S311
        self._heard = asyncio.Event()
        self._patients: set[UUID] = set()
        self._anybody = False
        self._taken = 0
        self.listening = False

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until stopped; a database that is away is waited for, 1 to 10 s at a time."""
        failures, away = 0, False
        while not stop.is_set():
            try:
                await self._listen(stop)
            except DatabaseError as error:
                if self.listening:
                    failures, away, self.listening = 0, False, False
                if not away:
                    log.warning("changes not heard, looking every second", reason=str(error))
                away = True
            else:
                return
            delay = min(_LONGEST_RETRY_S, _FIRST_RETRY_S * 2.0 ** min(failures, 10))
            failures += 1
            if await self._clock.sleep(delay * self._chance.uniform(0.5, 1.0), stop):
                return

    async def _listen(self, stop: asyncio.Event) -> None:
        """Listen until stopped; raises DatabaseError when the connection is or gets lost."""
        async with self._postgres.own_connection("kirdi changes") as connection:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _connection: lost.set())
            await connection.add_listener(CHANNEL, self._take)
            self.listening = True
            log.info("hearing of changes")
            self._tell(LOOK)
            await self._tell_until(connection, lost, stop)

    async def _tell_until(
        self, connection: asyncpg.Connection, lost: asyncio.Event, stop: asyncio.Event
    ) -> None:
        while not stop.is_set():
            if await self._wait(lost, stop):
                await self._gather()
                self._tell(self._gathered())
            elif not stop.is_set():
                # Answers, or raises after its time-out.
                await connection.fetchval("SELECT 1")
            if lost.is_set():
                raise asyncpg.InterfaceError("the connection was lost")

    async def _gather(self) -> None:
        """Let a burst end, but not for long."""
        for _ in range(MOST_GATHERINGS):
            before = self._taken
            await asyncio.sleep(GATHER_S)
            if self._taken == before:
                return

    async def _wait(self, lost: asyncio.Event, stop: asyncio.Event) -> bool:
        """Wait for a message, for the end, or for the next probe; True if there is a message."""
        waits = [
            asyncio.ensure_future(one)
            for one in (self._heard.wait(), lost.wait(), self._clock.sleep(PROBE_S, stop))
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
        return self._heard.is_set()

    def _take(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        """Take in a message; whoever may write to the database may send anything at all."""
        self._taken += 1
        if self._anybody and self._heard.is_set():
            return  # there is nothing that more messages could add
        text = payload if isinstance(payload, str) else ""
        try:
            message = json.loads(text) if len(text) <= _LONGEST_MESSAGE else None
            if not isinstance(message, dict):
                raise ValueError("not an object")
            if message.get("site") != self._site_id:
                return
            self._note(message)
        except (ValueError, TypeError, AttributeError, RecursionError):
            # Something was changed by somebody who says it otherwise: looking finds it.
            log.debug("a change was told in words nobody knows", characters=len(text))
        self._heard.set()

    def _note(self, message: dict[str, object]) -> None:
        what, named = message.get("what"), message.get("patients")
        if what == "gallery":
            return
        if what != "schedule" or not isinstance(named, list | None):
            raise ValueError("not a message")
        if named is None:
            self._anybody = True
        else:
            self._patients.update([UUID(one) for one in named])
        if self._anybody or len(self._patients) > MOST_PATIENTS:
            self._anybody = True
            self._patients.clear()

    def _gathered(self) -> Change:
        change = Change(None if self._anybody else frozenset(self._patients))
        self._heard.clear()
        self._anybody = False
        self._patients.clear()
        return change
