"""A clinic in PostgreSQL with the API in front of it: `api` beside `clinic`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streamer.web.ports import WebParts
from tests.fakes.identities import FakeIdentities
from tests.integration.storage.clinic import SITE, Clinic
from tests.integration.storage.conftest import (  # noqa: F401  the clinic's fixtures
    clinic,
    migrated_url,
)
from tests.integration.web.house import House, opened
from tests.integration.web.served import ServedApi, served


@pytest.fixture
async def api(clinic: Clinic) -> AsyncIterator[ServedApi]:  # noqa: F811
    """The real server in front of the clinic's stores."""
    identities = FakeIdentities(SITE.id)
    parts = WebParts(site_id=SITE.id, clock=clinic.clock, identities=identities)
    async with served(parts, identities) as running:
        yield running


@pytest.fixture
async def house(clinic: Clinic, tmp_path: Path) -> AsyncIterator[House]:  # noqa: F811
    """The same with everything behind the routes of the clinic's domain."""
    async with opened(clinic, tmp_path) as made:
        yield made
