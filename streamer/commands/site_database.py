"""The database of a service that runs, for commands that only look: `health` and `status`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from config.settings import Settings

if TYPE_CHECKING:
    from streamer.storage.postgres import Postgres


@asynccontextmanager
async def site_database(settings: Settings, home: Path) -> AsyncIterator["Postgres"]:
    """Open it as the service; nothing is migrated, and no key is read.

    Raises:
        KirdiError: It does not answer.
    """
    from streamer.embedded.services import embedded_services

    async with (
        embedded_services(settings.database, None, home) as services,
        _opened(settings, services.database_url) as postgres,
    ):
        yield postgres


@asynccontextmanager
async def _opened(settings: Settings, url: str) -> AsyncIterator["Postgres"]:
    from streamer.storage.database_role import DatabaseRole
    from streamer.storage.postgres import Postgres

    postgres = Postgres(url, settings.database, role=DatabaseRole.SERVICE, site_id=settings.site.id)
    await postgres.open()
    try:
        yield postgres
    finally:
        await postgres.close()
