"""PostgreSQL killed and started again under gallery, schedule and change feed."""

import asyncio
import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.settings import Database as Limits
from streamer.embedded import process
from streamer.embedded.services import EmbeddedServers
from streamer.storage.database import open_database
from streamer.storage.database_role import DatabaseRole
from streamer.storage.schema import migrate
from streamer.storage.site_logins import serve_site
from tests.fakes.clock import FakeClock
from tests.integration.holding import end_all
from tests.integration.storage.clinic import NOW, SITE, Clinic, booking, moved
from tests.integration.storage.following import Following
from tests.servers import know_embedded


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    yield folder
    end_all(folder)


async def test_what_is_changed_after_a_crash_is_followed(home: Path) -> None:
    servers = EmbeddedServers(home)
    holder = await asyncio.to_thread(servers.acquire, database=True, redis=False)
    url, _ = servers.services(holder)
    assert url is not None
    owner_url = servers.database_url(DatabaseRole.OWNER)
    await migrate(owner_url)
    await serve_site(owner_url, SITE, {DatabaseRole.SERVICE: url})
    know_embedded(servers)
    limits = Limits(connect_timeout_s=2, acquire_timeout_s=2, command_timeout_s=5)
    async with open_database(url, limits, SITE, home / "kirdi.key") as database:
        clinic = Clinic(database, FakeClock(NOW))
        await clinic.expect(1)
        one = (await clinic.ids(1))[1]
        async with Following(clinic, None) as following:
            (pid,) = (each.pid for each in servers.status() if each.name == "postgres")
            assert pid is not None
            os.kill(pid, signal.SIGQUIT)
            assert await asyncio.to_thread(
                process.wait_until, lambda: not process.is_running(servers._postgres.lock), 30
            )
            await following.until(lambda: following.schedules._postgres_away)
            # Decisions go on with the last copy, whose age is told.
            told = await following.schedules.schedule_of(one, following.clock.now())
            assert [each.starts_at.hour for each in told.appointments] == [5]
            assert told.age > timedelta()
            assert following.people == {one}
            await asyncio.to_thread(servers.revive, holder)
            await following.until(lambda: not following.schedules._postgres_away)
            await clinic.import_bookings(moved(booking(1), 1))
            await following.until_hours(one, [6])
            await clinic.withdraw(1)
            await following.until(lambda: not following.people)
            await following.until(lambda: following.feed.listening)
    await asyncio.to_thread(servers.release, holder)
