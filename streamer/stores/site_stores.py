"""What all stores of a site are made of. Base of those by subject."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from config.settings import Settings
from streamer.clock import Clock
from streamer.embedded.services import Services
from streamer.storage.database import Database, open_postgres
from streamer.storage.database_role import DatabaseRole
from streamer.storage.day_listener import DayListener
from streamer.storage.erasure_register import ErasureRegister
from streamer.storage.page_reader import PageReader
from streamer.storage.postgres import Postgres
from streamer.storage.redis_events import RedisEvents
from streamer.storage.schedules import ScheduleCache


@dataclass(frozen=True, slots=True)
class SiteStores:
    """Settings, database, cache and home of one site."""

    settings: Settings
    database: Database
    schedules: ScheduleCache
    clock: Clock
    home: Path
    register: ErasureRegister
    services: Services
    events: RedisEvents | None = None

    @asynccontextmanager
    async def postgres_as(self, role: DatabaseRole) -> AsyncIterator[Postgres]:
        """Open a pool as another role than the service's, which this backend works as.

        Raises:
            DatabaseError: The settings name no login for it, or the database refuses.
        """
        url, settings = self.services.url_as(role), self.settings
        async with open_postgres(url, settings.database, settings.site, role) as postgres:
            yield postgres

    @property
    def day_listener(self) -> DayListener:
        """Who is told of what was written."""
        return DayListener(self.schedules, self.events)

    @property
    def page_reader(self) -> PageReader:
        """How rows are read for people, with every look in the audit."""
        site = self.settings.site
        return PageReader(self.database.postgres, (site.id, site.zone), self.clock)
