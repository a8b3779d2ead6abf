"""An installation per test, copied from one that is made once and that nobody has used."""

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streamer.embedded.services import EmbeddedServers
from streamer.storage.database_role import DatabaseRole
from streamer.storage.schema import migrate
from tests.acceptance.kirdi import Kirdi
from tests.integration.holding import end_all
from tests.servers import spare_disk


@pytest.fixture(scope="session")
def unused(tmp_path_factory: pytest.TempPathFactory) -> Kirdi:
    """With the model pack and an empty database; without key, site or anything else."""
    kirdi = Kirdi(tmp_path_factory.mktemp("unused"))
    assert all(check["ok"] for check in kirdi.ok("models", "build"))
    servers = EmbeddedServers(kirdi.home)
    holder = servers.acquire(database=True, redis=False)
    try:
        spare_disk(kirdi.home)
        asyncio.run(migrate(servers.database_url(DatabaseRole.OWNER)))
    finally:
        servers.release(holder)
    return kirdi


@pytest.fixture(scope="session")
def built_models(unused: Kirdi) -> Path:
    return unused.home / "models"


@pytest.fixture
def kirdi(tmp_path: Path, unused: Kirdi) -> Iterator[Kirdi]:
    installation = copied(unused, tmp_path)
    yield installation
    # Of a service that a test has killed.
    end_all(installation.home)


def copied(unused: Kirdi, folder: Path) -> Kirdi:
    """An installation like it, in another folder; with whom its files belong to."""
    installation = Kirdi(folder)
    subprocess.run(["cp", "--archive", unused.home, installation.home], check=True)
    return installation


@pytest.fixture
def enrol(kirdi: Kirdi, tmp_path: Path) -> Callable[[str], None]:
    """Enrol one of the recorded people, whose consent is recorded, through the command line."""
    from tests.acceptance.people import stills

    def run(person: str) -> None:
        photos = stills(person, tmp_path)
        kirdi.consent(person)
        kirdi.ok("patients", "enroll", person, *photos, "--consent-ref", f"consent-{person}")

    return run
