"""Keeps the gallery true: who consented, is enrolled and has an open appointment, this second.

The database is asked what belongs in the gallery once every `refresh_s`; vectors are read and
decrypted only for templates that are new. Bookings, consents and windows therefore need no messages
to take effect; where there are messages (`storage.change_feed`) they only make it look sooner. Read
by every camera's pipeline.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from streamer.alarm import Alarm
from streamer.clock import Clock
from streamer.domain.template import GalleryKey, Template
from streamer.errors import DatabaseError
from streamer.tracking.voting import Search

log = structlog.get_logger(__name__)

# Without the database nobody's consent can be checked; after so long nobody is recognised any more.
# What is recognised until then is checked again by the transaction that writes it.
MAX_AGE_S = 300.0

Build = Callable[[Search | None, Collection[UUID], Sequence[Template]], Search]
"""Makes a searchable gallery of the one before (None = of nothing), the patients whose template
leaves, and the templates that enter. Blocks."""


class TemplateSource(Protocol):
    """The gallery's two queries; both check consent, enrolment and window."""

    async def keys(self, now: datetime) -> frozenset[GalleryKey]:
        """Which templates may be matched at `now`, and for which appointments."""
        ...

    async def templates(self, ids: frozenset[UUID], now: datetime) -> Sequence[Template]:
        """Return those of `ids` that still may be matched, decrypted."""
        ...


@dataclass(frozen=True, slots=True)
class CurrentGallery:
    """A gallery and its version.

    Attributes:
        version: Changes with the templates and with the appointments that are open for them.
        as_of: When the database said that all of them are open, UTC.
        size: How many patients can be recognised.
        search: None while there is nobody to recognise.
    """

    version: int
    as_of: datetime
    size: int
    search: Search | None


class GalleryKeeper:
    """The gallery in force."""

    def __init__(
        self,
        source: TemplateSource,
        build: Build,
        clock: Clock,
        refresh_s: float,
    ) -> None:
        """Start with an empty gallery."""
        self._source = source
        self._build = build
        self._clock = clock
        self._alarm = Alarm(clock, refresh_s)
        self._keys: frozenset[GalleryKey] = frozenset()
        self._templates: dict[UUID, Template] = {}
        self._confirmed_at = clock.monotonic()
        self.current = CurrentGallery(0, clock.now(), 0, None)

    def wake(self) -> None:
        """Something may have changed: look now and not in a second. Called on the loop."""
        self._alarm.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Refresh until stopped. A database that is away is waited for."""
        away = False
        while not stop.is_set():
            began = self._clock.monotonic()
            try:
                await self.refresh()
                away = False
            except DatabaseError as error:
                if not away:
                    log.warning("gallery not refreshed", reason=str(error))
                away = True
                self.expire()
            await self._alarm.wait(self._clock.monotonic() - began, stop)

    async def refresh(self) -> None:
        """Bring the gallery up to date once.

        Raises:
            DatabaseError: It stays as it was.
        """
        now = self._clock.now()
        keys = await self._source.keys(now)
        self._confirmed_at = self._clock.monotonic()
        if keys == self._keys:
            return
        wanted = {key.template_id for key in keys}
        new = frozenset(wanted - self._templates.keys())
        fetched = await self._source.templates(new, now) if new else ()
        templates = {key: one for key, one in self._templates.items() if key in wanted}
        templates |= {one.template_id: one for one in fetched}
        left = {one.patient_id for key, one in self._templates.items() if key not in templates}
        search = self.current.search
        if left or fetched:
            search = await asyncio.to_thread(self._build, search, left, tuple(fetched))
        self._swap(keys, templates, search, now)

    def _swap(
        self,
        keys: frozenset[GalleryKey],
        templates: dict[UUID, Template],
        search: Search | None,
        as_of: datetime,
    ) -> None:
        self._keys, self._templates = keys, templates
        # One assignment: a pipeline sees the old gallery or the new one, never a mixture.
        self.current = CurrentGallery(
            self.current.version + 1, as_of, len(templates), search if templates else None
        )
        log.info("gallery", version=self.current.version, size=self.current.size)

    def expire(self) -> None:
        """Empty the gallery once consent could not be checked for too long."""
        if self._templates and self._clock.monotonic() - self._confirmed_at > MAX_AGE_S:
            self._swap(frozenset(), {}, None, self._clock.now())
            log.warning("gallery emptied: consent could not be checked", after_s=MAX_AGE_S)
