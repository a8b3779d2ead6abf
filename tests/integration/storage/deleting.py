"""A run of retention, in portions of three, that is killed. Run by `test_retention`."""

import asyncio
import sys
from pathlib import Path

from config.settings import Database as Limits
from streamer.storage import retention as under_test
from streamer.storage.database import open_database, open_postgres
from streamer.storage.database_role import DatabaseRole
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import NOW, SITE, Clinic
from tests.integration.storage.old_data import DAYS


class Slow(FakeClock):
    """Tells after each portion, and waits to be killed after a few."""

    portions = 0

    async def sleep(self, seconds: float, stop: asyncio.Event) -> bool:
        self.portions += 1
        if self.portions == 5:
            sys.stdout.write("five portions\n")
            sys.stdout.flush()
            await asyncio.sleep(600)
        return False


async def main(url: str, retention_url: str, key: str) -> None:
    under_test._PORTION = 3  # type: ignore[misc]
    role = DatabaseRole.RETENTION
    async with (
        open_database(url, Limits(), SITE, Path(key)) as database,
        open_postgres(retention_url, Limits(), SITE, role) as postgres,
    ):
        eraser = Clinic(database, FakeClock(NOW)).eraser()
        keeper = under_test.Retention(postgres, database.postgres, SITE.id, eraser, DAYS, Slow(NOW))
        await keeper.run(NOW, "killed", asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
