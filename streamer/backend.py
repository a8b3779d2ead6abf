"""The database, the key and the cache of one site, opened together.

Used by `app` and by every command that reads or writes what Kirdi knows.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from config.settings import Settings, Site
from streamer.clock import Clock
from streamer.embedded.services import Services, embedded_services
from streamer.home_site import claim_home
from streamer.key_places import key_places
from streamer.storage.database import open_database
from streamer.storage.database_role import DatabaseRole
from streamer.storage.redis_events import RedisEvents
from streamer.storage.redis_link import RedisLink
from streamer.storage.register_file import RegisterError
from streamer.storage.schedules import ScheduleCache
from streamer.storage.schema import migrate
from streamer.storage.site_logins import is_ready, serve_site
from streamer.stores.audit_stores import AuditStores
from streamer.stores.erasing import register_of
from streamer.stores.patient_stores import PatientStores
from streamer.stores.upkeep_stores import UpkeepStores
from streamer.stores.visit_stores import VisitStores
from streamer.stores.web_stores import WebStores

log = structlog.get_logger(__name__)


class Backend(PatientStores, VisitStores, WebStores, AuditStores, UpkeepStores):
    """The stores of one site."""

    __slots__ = ()


async def prepare(services: Services, site: Site) -> None:
    """Bring an embedded database to what this program needs; as its owner only where it isn't yet.

    Raises:
        DatabaseError: It refuses.
    """
    if not await is_ready(services.database_url, site):
        owner_url = services.url_as(DatabaseRole.OWNER)
        await migrate(owner_url)
        await serve_site(owner_url, site, services.login_urls, several=True)


@asynccontextmanager
async def open_backend(settings: Settings, home: Path, clock: Clock) -> AsyncIterator[Backend]:
    """Open the stores, starting embedded servers where no URLs are set.

    An embedded database is migrated on the way: nobody else can. One of the clinic's own is not:
    its administrator runs `kirdi db migrate` when it suits.

    Raises:
        KirdiError: Something cannot be opened; names it and the remedy.
    """
    # First of all: what a variable holds must not be inherited by the servers.
    keys = key_places(settings.keys, home)
    await asyncio.to_thread(claim_home, home, settings.site.id)
    async with embedded_services(settings.database, settings.redis, home) as services:
        if settings.database.url is None:
            await prepare(services, settings.site)
        redis = (
            RedisLink(services.redis_url, settings.redis.timeout_s, clock)
            if services.redis_url is not None
            else None
        )
        events = None
        if redis is not None and services.redis_url is not None:
            timeout_s, site_id = settings.redis.timeout_s, settings.site.id
            events = RedisEvents(redis, services.redis_url, timeout_s, site_id)
        try:
            async with open_database(
                services.database_url, settings.database, settings.site, keys
            ) as database:
                register = register_of(settings, home, database)
                try:
                    # Refuses a database that was restored past what is erased.
                    await register.sync(database.postgres)
                except RegisterError as error:
                    log.warning("register of erasures not complete", reason=str(error))
                site = settings.site
                schedules = ScheduleCache(database.postgres, redis, site.id, site.zone, clock)
                backend = Backend(
                    settings, database, schedules, clock, home, register, services, events
                )
                try:
                    yield backend
                finally:
                    await backend.leave_checkpoint()
        finally:
            if events is not None:
                await events.close()
            if redis is not None:
                await redis.close()
