"""An embedded server for one module's tests: they search its files, which nobody else changes."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.settings import Database as Limits
from streamer.embedded.services import EmbeddedServers
from streamer.storage.database import open_database
from streamer.storage.database_role import DatabaseRole
from streamer.storage.schema import migrate
from streamer.storage.site_logins import serve_site
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import NOW, SITE, Clinic
from tests.servers import in_thread, know_embedded, spare_disk


@dataclass(frozen=True)
class Server:
    """An embedded server of its own, whose files nobody else changes."""

    url: str
    data: Path
    key: Path

    def files_with(self, needle: bytes) -> set[str]:
        """In which kinds of files the bytes stand: `base`, `pg_wal` or others."""
        found = set()
        for file in self.data.rglob("*"):
            try:
                if file.is_file() and needle in file.read_bytes():
                    found.add(file.relative_to(self.data).parts[0])
            except FileNotFoundError:
                continue
        return found

    @asynccontextmanager
    async def clinic(self) -> AsyncIterator[Clinic]:
        async with open_database(self.url, Limits(), SITE, self.key) as database:
            yield Clinic(database, FakeClock(NOW))


@contextmanager
def own_server(folder: Path) -> Iterator[Server]:
    """Start one, migrated; stop it at the end."""
    servers = EmbeddedServers(folder)
    holder = servers.acquire(database=True, redis=False)
    spare_disk(folder)
    url, _ = servers.services(holder)
    assert url is not None
    owner_url = know_embedded(servers)

    async def work() -> None:
        await migrate(owner_url)
        await serve_site(owner_url, SITE, {DatabaseRole.SERVICE: url})

    in_thread(work)
    yield Server(url, folder / "embedded" / "postgres" / "data", folder / "kirdi.key")
    servers.release(holder)
