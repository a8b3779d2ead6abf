"""The servers every test may ask for, of both kinds.

`database_url`, `make_database`, `redis_url` speak to the embedded servers; the same names with
`any_` run a test twice: with the embedded servers, and with the system's own on TCP ports (or
those that KIRDI_TEST_DATABASE_URL and KIRDI_TEST_REDIS_URL name).
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from xdist.remote import Producer

from streamer.embedded.services import EmbeddedServers
from tests.scheduling import CostlyTogether
from tests.servers import (
    Databases,
    flush_redis,
    in_thread,
    installed_postgres,
    installed_redis,
    know_embedded,
    make_logins,
    spare_disk,
)

MakeDatabase = Callable[..., str]

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("kirdi", deadline=None)
hypothesis.settings.load_profile("kirdi")


# Who may take so many seconds goes before all others.
_LONG = 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: several workers then end at about the same time."""

    def allowed(item: pytest.Item) -> float:
        if item.get_closest_marker("browser"):
            return _LONG  # one worker has them all
        marker = item.get_closest_marker("timeout")
        seconds = float(marker.args[0]) if marker and marker.args else 0.0
        return seconds if seconds >= _LONG else 0.0

    items.sort(key=allowed, reverse=True)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> CostlyTogether | None:
    """`--dist loadgroup` is ours; see there."""
    return CostlyTogether(config, log) if config.option.dist == "loadgroup" else None


@pytest.fixture(scope="session")
def embedded_urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str | None]]:
    """PostgreSQL's (as its owner) and Redis's URL of embedded servers that the whole run shares."""
    home = tmp_path_factory.mktemp("home")
    servers = EmbeddedServers(home)
    holder = servers.acquire(database=True, redis=True)
    spare_disk(home)
    _, redis_url = servers.services(holder)
    yield know_embedded(servers), redis_url
    servers.release(holder)
    assert all(server.pid is None for server in servers.status())


@pytest.fixture(scope="session")
def postgres_url(embedded_urls: tuple[str, str | None]) -> str:
    """A server's URL as its owner, for tests that make databases themselves."""
    return embedded_urls[0]


@pytest.fixture(scope="session")
def session_databases(postgres_url: str) -> Iterator[Databases]:
    """Databases that live as long as the run, such as migrated templates."""
    databases = Databases(postgres_url)
    yield databases
    databases.drop_all()


@pytest.fixture
def make_database(postgres_url: str) -> Iterator[MakeDatabase]:
    """`make_database(template=None)`: the URL of a new database, dropped after the test."""
    databases = Databases(postgres_url)
    yield databases.create
    databases.drop_all()


@pytest.fixture
def database_url(make_database: MakeDatabase) -> str:
    """The URL of a new, empty database, as its owner."""
    return make_database()


@pytest.fixture
def redis_url(embedded_urls: tuple[str, str | None]) -> str:
    """The URL of an empty Redis."""
    if embedded_urls[1] is None:
        pytest.skip("no redis-server is installed")
    flush_redis(embedded_urls[1])
    return embedded_urls[1]


@pytest.fixture(scope="session", params=["embedded", "server"])
def any_postgres_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """As `postgres_url`, once for each kind of server."""
    if request.param == "embedded":
        yield request.getfixturevalue("postgres_url")
        return
    with installed_postgres(tmp_path_factory.mktemp("postgres")) as url:
        in_thread(lambda: make_logins(url))
        yield url


@pytest.fixture(scope="session")
def any_session_databases(any_postgres_url: str) -> Iterator[Databases]:
    """As `session_databases`, once for each kind of server."""
    databases = Databases(any_postgres_url)
    yield databases
    databases.drop_all()


@pytest.fixture
def make_any_database(any_postgres_url: str) -> Iterator[MakeDatabase]:
    """As `make_database`, once for each kind of server."""
    databases = Databases(any_postgres_url)
    yield databases.create
    databases.drop_all()


@pytest.fixture
def any_database_url(make_any_database: MakeDatabase) -> str:
    """As `database_url`, once for each kind of server."""
    return make_any_database()


@pytest.fixture(scope="session", params=["embedded", "server"])
def _any_redis(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if request.param == "embedded":
        url = request.getfixturevalue("embedded_urls")[1]
        if url is None:
            pytest.skip("no redis-server is installed")
        yield url
        return
    folder: Path = tmp_path_factory.mktemp("redis")
    with installed_redis(folder) as url:
        yield url


@pytest.fixture
def any_redis_url(_any_redis: str) -> str:
    """As `redis_url`, once for each kind of server."""
    flush_redis(_any_redis)
    return _any_redis
