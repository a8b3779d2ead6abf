"""A clinic in PostgreSQL with the API in front of it: `api` beside `clinic`."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from config.settings import Settings, Web
from streamer.clock import Clock
from streamer.storage.schedules import ScheduleCache
from streamer.web.application import create_application
from streamer.web_service import web_parts
from tests.integration.storage.clinic import SITE, ZONE, Clinic
from tests.integration.storage.conftest import (  # noqa: F401  the clinic's fixtures
    clinic,
    migrated_url,
)
from tests.integration.web.clinic_backend import clinic_backend
from tests.integration.web.house import House, opened
from tests.integration.web.served import ServedApi, quick, served

Serve = Callable[..., AbstractAsyncContextManager[ServedApi]]


def settings_of(web: Web | None = None) -> Settings:
    """What the tests' site says about itself."""
    return Settings(site=SITE, web=web or Web(port=0))


@pytest.fixture
def serve(clinic: Clinic, tmp_path: Path) -> Serve:  # noqa: F811
    """`async with serve(settings) as api`: the real server in front of the clinic's stores.

    Its clock is the clinic's, which stands still, unless another is given.
    """

    @asynccontextmanager
    async def start(settings: Settings, clock: Clock = clinic.clock) -> AsyncIterator[ServedApi]:
        base = clinic.database
        schedules = ScheduleCache(base.postgres, None, SITE.id, ZONE, clock)
        backend = clinic_backend(base, settings, schedules, clock, tmp_path)
        async with (
            web_parts(backend, quick(backend)) as parts,
            served(create_application(parts), backend, settings.web) as running,
        ):
            yield running

    return start


@pytest.fixture
async def api(serve: Serve) -> AsyncIterator[ServedApi]:
    """As most tests want it: on the loopback, in the clear."""
    async with serve(settings_of()) as running:
        yield running


@pytest.fixture
async def house(clinic: Clinic, tmp_path: Path) -> AsyncIterator[House]:  # noqa: F811
    """The same with everything behind the routes of the clinic's domain."""
    async with opened(clinic, tmp_path) as made:
        yield made
