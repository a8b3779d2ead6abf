"""Tells pages what happens of the day: reads the stream once, and sends it to all who follow.

Run by `app`; `routes.events` subscribes, `streamer.day_follower` publishes. See docs/design/0029.
"""

import asyncio
import json
import re
import secrets
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Final
from uuid import UUID

import structlog

from streamer.clock import Clock
from streamer.domain.day_change import DayChange
from streamer.domain.day_row import DayRow
from streamer.errors import CacheError, DatabaseError
from streamer.web.event_stream import StreamedEvent
from streamer.web.events.page import FollowingPage
from streamer.web.events.ports import ChangedRows, EventLog
from streamer.web.events.telling import Telling
from streamer.web.events.view import View

log = structlog.get_logger(__name__)

MOST_PAGES: Final = 600
MOST_OF_ACCOUNT: Final = 100
"""Pages of one account: a whole reception may share one."""
MOST_REMEMBERED: Final = 2048
"""Changes; a page that has missed no more goes on where it stopped, whatever Redis does."""
MOST_ROWS: Final = 200
"""Of more rows at once the page is told to read the day anew."""

_READ_BACK_S: Final = 0.25
_RETRY_S: Final = 1.0
_OF_REDIS: Final = re.compile(r"\d{1,20}-\d{1,20}")


class EventHub:
    """One for all pages of the service.

    Attributes:
        wanted: Set while somebody follows; nobody else needs to look what happens.
    """

    def __init__(self, rows: ChangedRows, stream: EventLog | None, clock: Clock) -> None:
        """Keep the collaborators; without a stream everything is told directly."""
        self._rows = rows
        self._stream = stream
        self._clock = clock
        self._pages: set[FollowingPage] = set()
        self.wanted = asyncio.Event()
        self._numbers = count()
        self._name = f"l{secrets.token_hex(6)}"
        # What was told, by id, the oldest first. The first one is the start.
        self._told: OrderedDict[str, DayChange] = OrderedDict({self._own_id(): DayChange()})
        self._pending: list[tuple[str, DayChange]] = []
        self._due = asyncio.Event()
        self._wake = asyncio.Event()
        # Whose a row is or was since the start: who loses one has to be told, too.
        self._owners: dict[UUID, set[str]] = {}
        self._owes_mark = stream is not None
        self._reading = False
        self._fresh = True

    @property
    def position(self) -> str:
        """Where somebody goes on who reads the day now."""
        return next(reversed(self._told))

    @property
    def pages(self) -> int:
        """How many follow."""
        return len(self._pages)

    def has_place_for(self, account: str) -> bool:
        """May one more page of this account come?"""
        return (
            len(self._pages) < MOST_PAGES
            and sum(page.account == account for page in self._pages) < MOST_OF_ACCOUNT
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Read and tell until stopped."""
        tasks = [asyncio.create_task(self._read(stop)), asyncio.create_task(self._tell_all(stop))]
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for one in (*tasks, stopping):
                one.cancel()
            for one in (*tasks, stopping):
                with suppress(asyncio.CancelledError):
                    await one

    async def woken(self) -> None:
        """Wait until somebody says that there is something to look at, or the first page comes."""
        await self._wake.wait()
        self._wake.clear()

    def owned(self, owners: Mapping[UUID, str]) -> None:
        """Note whose the rows of the day are."""
        for key, owner in owners.items():
            self._owners.setdefault(key, set()).add(owner)

    def new_day(self, owners: Mapping[UUID, str]) -> None:
        """Forget whose rows of another day were."""
        self._owners = {key: {owner} for key, owner in owners.items()}

    def is_fresh(self, fresh: bool) -> None:
        """Say whether changes can be found at all: the database answers, or does not."""
        if fresh != self._fresh:
            self._fresh = fresh
            self._tell_state()

    async def publish(self, change: DayChange) -> None:
        """Tell of a change: through the stream, or directly where that is away. Never raises."""
        identity = None
        if self._stream is not None:
            try:
                await self._pay_mark(self._stream)
                identity = await self._stream.append(change)
            except CacheError:
                self._owes_mark = True
        if identity is None or not self._reading:
            self._take(identity or self._own_id(), change)
        else:
            # It comes back by the reader; should it not, it is told all the same.
            asyncio.get_running_loop().call_later(_READ_BACK_S, self._take, identity, change)

    async def follow(
        self, view: View, account: str, after: str | None
    ) -> AsyncGenerator[StreamedEvent, None]:
        """What happens from a position on.

        Args:
            view: What of it is told.
            account: Whose page it is.
            after: The last event that the page has had, or where it read the day; None = now.
        """
        page = FollowingPage(view, account)
        self._pages.add(page)
        self.wanted.set()
        self._wake.set()
        try:
            for event in await self._missed(page, after):
                yield event
            if not (self._fresh and self._quick):
                yield self._state()
            while (next_one := await page.next()) is not None:
                yield next_one
        finally:
            self._pages.discard(page)
            if not self._pages:
                self.wanted.clear()

    async def _missed(self, page: FollowingPage, after: str | None) -> list[StreamedEvent]:
        identity = self.position
        here = StreamedEvent("following", "null", identity)
        missed: Sequence[DayChange] | None = []
        if after is not None:
            missed = self._remembered(after)
            if missed is None:
                missed = await self._from_stream(after)
        if missed is None or any(one.everything for one in missed):
            return [here, StreamedEvent("reload", "null", identity)]
        try:
            return [*(await self._telling(missed, identity)).to(page.view), here]
        except (DatabaseError, _TooManyError):
            return [here, StreamedEvent("reload", "null", identity)]

    def _remembered(self, after: str) -> list[DayChange] | None:
        """What was told after an id; None where that is not remembered."""
        if after not in self._told:
            return None
        missed = []
        for identity in reversed(self._told):
            if identity == after:
                break
            missed.append(self._told[identity])
        return missed[::-1]

    async def _from_stream(self, after: str) -> list[DayChange] | None:
        if self._stream is None or self._owes_mark or not _OF_REDIS.fullmatch(after):
            return None
        try:
            found = await self._stream.since(after, MOST_REMEMBERED)
        except CacheError:
            return None
        if found is None or any(change.missed for _, change in found):
            return None
        return [change for _, change in found]

    async def _read(self, stop: asyncio.Event) -> None:
        """Read the stream; where it is away, try again every second."""
        if self._stream is None:
            await stop.wait()
            return
        after: str | None = None
        while not stop.is_set():
            try:
                await self._pay_mark(self._stream)
                after = after or await self._stream.newest()
                self._is_reading(True)
                for identity, change in await self._stream.follow(after):
                    after = identity
                    self._heard(identity, change)
            except CacheError:
                self._is_reading(False)
                await self._clock.sleep(_RETRY_S, stop)

    def _heard(self, identity: str, change: DayChange) -> None:
        if change.look:
            self._wake.set()
        elif not change.missed:
            self._take(identity, change)

    async def _pay_mark(self, stream: EventLog) -> None:
        """Say in the stream that something may not be in it; raises CacheError."""
        if self._owes_mark:
            await stream.append(DayChange(missed=True))
            self._owes_mark = False

    def _is_reading(self, reading: bool) -> None:
        if reading != self._reading:
            self._reading = reading
            self._tell_state()

    @property
    def _quick(self) -> bool:
        return self._reading or self._stream is None

    def _take(self, identity: str, change: DayChange) -> None:
        if identity in self._told:
            return
        self._told[identity] = change
        while len(self._told) > MOST_REMEMBERED:
            self._told.popitem(last=False)
        self._pending.append((identity, change))
        self._due.set()

    async def _tell_all(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self._due.wait()
            self._due.clear()
            batch, self._pending = self._pending, []
            changes = [change for _, change in batch]
            try:
                if any(one.everything for one in changes):
                    raise _TooManyError
                telling = await self._telling(changes, batch[-1][0])
            except DatabaseError as error:
                log.warning("changes not told yet", reason=str(error))
                self._pending = [*batch, *self._pending]
                self._due.set()
                await self._clock.sleep(_RETRY_S, stop)
            except _TooManyError:
                reload = StreamedEvent("reload", "null", batch[-1][0])
                for page in tuple(self._pages):
                    page.put(reload)
            else:
                for page in tuple(self._pages):
                    for event in telling.to(page.view):
                        page.put(event)

    async def _telling(self, changes: Sequence[DayChange], identity: str) -> Telling:
        keys = dict.fromkeys(key for change in changes for key in change.appointments)
        if len(keys) > MOST_ROWS:
            raise _TooManyError
        reviews = {one.review_id: one for change in changes for one in change.reviews}
        rows: Sequence[DayRow] = await self._rows.changed(keys) if keys and self._pages else ()
        return Telling(keys, rows, self._owners, list(reviews.values()), identity)

    def _tell_state(self) -> None:
        state = self._state()
        for page in tuple(self._pages):
            page.put(state)

    def _state(self) -> StreamedEvent:
        data = json.dumps({"fresh": self._fresh, "quick": self._quick})
        return StreamedEvent("state", data)

    def _own_id(self) -> str:
        return f"{self._name}-{next(self._numbers)}"


class _TooManyError(Exception):
    """So many rows that the day is better read anew."""
