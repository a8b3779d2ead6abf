"""The embedded servers: shared, taken over, stopped, damaged."""

import asyncio
import fcntl
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis as redis_client
from structlog.testing import capture_logs

from config.settings import Database, Redis
from streamer.embedded import process, redis_server
from streamer.embedded.services import EmbeddedServers, Services, embedded_services
from streamer.errors import EmbeddedError
from streamer.storage.database_role import DatabaseRole
from tests.integration.holding import Holding, end_all, execute, pids, start_and_stop, users


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    yield folder
    end_all(folder)


def test_two_processes_at_once_share_and_the_last_one_stops(home: Path) -> None:
    with Holding(home) as first, Holding(home) as second:
        assert first.ready()["pids"] == second.ready()["pids"] == pids(home)
        assert None not in pids(home)
        assert sorted(users(home)[0]) == sorted([first.pid, second.pid])
        first.leave()
        assert asyncio.run(execute(second.database_url, "SELECT 1")) == 1
        assert users(home) == [(second.pid,), (second.pid,)]
        second.leave()
    assert pids(home) == [None, None]
    assert users(home) == [(), ()]


def test_killed_commands_leave_servers_that_the_next_one_takes_over(home: Path) -> None:
    with Holding(home) as first, Holding(home) as second:
        before = first.ready()["pids"]
        second.ready()
        asyncio.run(execute(first.owner_url, "CREATE TABLE kept (n int)"))
        first.kill()
        second.kill()
    assert pids(home) == before
    assert users(home) == [(), ()]
    with Holding(home) as third:
        assert third.ready()["pids"] == before
        assert asyncio.run(execute(third.owner_url, "SELECT count(*) FROM kept")) == 0
        third.leave()
    assert pids(home) == [None, None]


def test_a_server_that_just_starts_is_not_taken_for_the_one_before(home: Path) -> None:
    """It holds the lock a moment before it writes its own record over the last one's."""
    with Holding(home) as holding:
        before = holding.ready()["pids"]
        holding.leave()
    lock = home / "embedded" / "redis.lock"
    record = process.read_record(lock)
    assert record is not None
    assert record.pid == before[1]
    with lock.open("rb+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert process.is_running(lock)
        assert pids(home) == [None, None]


def test_two_who_ask_whether_a_server_runs_do_not_take_each_other_for_it(tmp_path: Path) -> None:
    lock = tmp_path / "postgres.lock"
    with lock.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert not process.is_running(lock)


def test_killed_servers_are_started_again_whatever_their_files_say(home: Path) -> None:
    with Holding(home) as holding:
        killed = holding.ready()["pids"]
        asyncio.run(execute(holding.owner_url, "CREATE TABLE kept (n int)"))
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        holding.kill()
    data = home / "embedded" / "postgres" / "data"
    assert process.wait_until(lambda: pids(home) == [None, None], 10)
    # The pid in the stale file belongs by now to somebody who lives: this very process.
    lines = (data / "postmaster.pid").read_text().splitlines()
    (data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]))
    with Holding(home) as holding:
        assert not set(killed) & set(holding.ready()["pids"])
        assert asyncio.run(execute(holding.owner_url, "SELECT count(*) FROM kept")) == 0
        holding.leave()


def test_a_first_start_that_is_killed_half_way_is_begun_anew(home: Path) -> None:
    folder = home / "embedded" / "postgres"
    with Holding(home) as holding:
        assert process.wait_until(lambda: any(folder.glob("initdb-*/*")), 20)
        holding.kill()
    assert not (folder / "data").exists()
    start_and_stop(home)
    assert (folder / "data" / "PG_VERSION").exists()
    assert not list(folder.glob("initdb-*"))


def test_nothing_listens_on_the_network_and_no_secret_is_seen(home: Path) -> None:
    with Holding(home) as holding:
        passwords = [
            url.split(":")[2].split("@")[0]
            for url in (holding.database_url, holding.redis_url, holding.owner_url)
        ]
        for pid in holding.ready()["pids"]:
            server = psutil.Process(pid)
            assert server.net_connections("inet") == []
            assert os.getsid(pid) != os.getsid(holding.pid)
            assert server.rlimit(psutil.RLIMIT_CORE)[0] <= 1
            words = [*server.cmdline(), *server.environ().values()]
            assert not [word for word in words for secret in passwords if secret in word]
        folders = Path(holding.database_url.rpartition("host=")[2])
        assert stat.S_IMODE(folders.stat().st_mode) == 0o700
        with pytest.raises(asyncpg.InvalidPasswordError):
            asyncio.run(execute(holding.database_url.replace(passwords[0], "wrong"), "SELECT 1"))
        postgres = holding.database_url.replace("kirdi_service:", "postgres:")
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
            asyncio.run(execute(postgres, "SELECT 1"))
        with (
            redis_client.Redis.from_url(holding.redis_url.replace(passwords[1], "x")) as client,
            pytest.raises(redis_client.AuthenticationError),
        ):
            client.ping()
        holding.leave()
    for line in (home / "embedded").rglob("*.log"):
        assert not [secret for secret in passwords if secret in line.read_text()]


def test_how_the_servers_are_set(home: Path) -> None:
    wanted = {
        "timezone": "UTC",
        "fsync": "on",
        "synchronous_commit": "on",
        "server_encoding": "UTF8",
        "listen_addresses": "",
        "dynamic_shared_memory_type": "mmap",
        "data_checksums": "on",
    }
    with Holding(home) as holding:
        for name, value in wanted.items():
            assert asyncio.run(execute(holding.database_url, f"SHOW {name}")) == value, name
        for url in (holding.database_url, holding.owner_url):
            more = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
            assert asyncio.run(execute(url, more)) is False
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                asyncio.run(execute(holding.database_url, "SELECT lo_create(0)"))
        with redis_client.Redis.from_url(holding.redis_url) as client:
            settings = client.config_get("*")
            assert settings["save"] == ""
            assert settings["appendonly"] == "no"
            assert settings["port"] == "0"
            assert int(settings["maxmemory"]) > 0
            assert settings["maxmemory-policy"] == "allkeys-lru"
        holding.leave()


async def test_with_urls_nothing_is_started(home: Path) -> None:
    database = Database.model_validate({"url": "postgresql://u:p@db/x"})
    redis = Redis.model_validate({"url": "redis://:p@cache/0"})
    async with embedded_services(database, redis, home) as services:
        assert services == Services("postgresql://u:p@db/x", "redis://:p@cache/0")
        assert "p@" not in repr(services)
    assert not await asyncio.to_thread(home.exists)


async def test_with_a_database_url_only_redis_is_started(home: Path) -> None:
    database = Database.model_validate({"url": "postgresql://u:p@db/x"})
    async with embedded_services(database, Redis(), home) as services:
        assert services.database_url == "postgresql://u:p@db/x"
        assert services.redis_url is not None
        postgres, redis = await asyncio.to_thread(pids, home)
        assert postgres is None
        assert redis is not None
    assert await asyncio.to_thread(pids, home) == [None, None]


async def test_one_server_stops_while_the_other_is_still_used(home: Path) -> None:
    database = Database.model_validate({"url": "postgresql://u:p@db/x"})
    async with embedded_services(database, Redis(), home):
        async with embedded_services(Database(), Redis(), home):
            both = await asyncio.to_thread(pids, home)
            assert None not in both
        assert await asyncio.to_thread(pids, home) == [None, both[1]]


async def test_without_a_redis_server_it_goes_on_and_says_so(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_server, "redis_binary", lambda: None)
    with capture_logs() as log:
        async with embedded_services(Database(), Redis(), home) as services:
            assert services.redis_url is None
            assert await execute(services.database_url, "SELECT 1") == 1
    assert any("running without Redis" in line["event"] for line in log)


async def test_a_redis_server_that_does_not_start_is_done_without(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_server, "redis_binary", lambda: Path("/bin/false"))
    with capture_logs() as log:
        async with embedded_services(Database(), Redis(), home) as services:
            assert services.redis_url is None
    assert any("does not start" in str(line.get("reason")) for line in log)


async def test_a_cancelled_start_leaves_nothing(home: Path) -> None:
    async def command() -> None:
        async with embedded_services(Database(), Redis(), home):
            pytest.fail("cancelled before")

    task = asyncio.create_task(command())
    lease = home / "embedded" / "lease.json"
    assert await asyncio.to_thread(process.wait_until, lease.exists, 10)
    task.cancel()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(pids, home) == [None, None]
    assert await asyncio.to_thread(users, home) == [(), ()]


@pytest.mark.parametrize(
    "damage", [b"\0\xff{", b"[{}]", b'{"pid": 1}', b'[{"id": 1, "pid": "x"}]', b"[1, null]"]
)
def test_a_damaged_lease_file_begins_anew(home: Path, damage: bytes) -> None:
    servers = EmbeddedServers(home)
    abandoned = servers.acquire(database=False, redis=True)
    running = pids(home)
    (home / "embedded" / "lease.json").write_bytes(damage)
    with capture_logs() as log:
        holder = servers.acquire(database=False, redis=True)
    assert any("damaged" in line["event"] for line in log)
    assert pids(home) == running
    servers.release(holder)
    servers.release(abandoned)
    assert pids(home) == [None, None]


def test_a_pid_that_was_given_to_somebody_else_holds_nothing(home: Path) -> None:
    servers = EmbeddedServers(home)
    holder = servers.acquire(database=False, redis=True)
    lease = home / "embedded" / "lease.json"
    assert users(home)[1] == (os.getpid(),)
    lease.write_text(lease.read_text().replace(str(holder.started), str(holder.started - 1)))
    assert users(home)[1] == ()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    text = lease.read_text().replace(str(holder.started - 1), str(holder.started))
    lease.write_text(text.replace(boot, "before-the-restart"))
    assert users(home)[1] == ()


def test_a_lost_password_is_replaced(home: Path) -> None:
    first = start_and_stop(home)
    embedded = home / "embedded"
    for name in ("postgres", "postgres.service", "postgres.auditor"):
        file = embedded / f"{name}.password"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        file.unlink()
    (embedded / "redis.password").write_text("half")
    second = start_and_stop(home)
    assert first.redis_url != second.redis_url
    for role, url in first.other_urls.items():
        assert (url == second.other_urls[role]) == (role is DatabaseRole.RETENTION)
    assert first.database_url != second.database_url


def test_a_data_folder_of_before_is_given_its_roles(home: Path) -> None:
    """Even where a killed command of the earlier version has left the server running."""
    with Holding(home) as earlier:
        earlier.ready()
        earlier.kill()
    (pid, _) = pids(home)
    # As the earlier version left it: no word of roles, no password but one.
    (home / "embedded" / "postgres" / "roles").unlink()
    for role in ("service", "retention", "auditor"):
        (home / "embedded" / f"postgres.{role}.password").unlink()
    with Holding(home) as holding:
        assert asyncio.run(execute(holding.database_url, "SELECT 1")) == 1
        assert pids(home)[0] not in (None, pid)
        # While somebody uses it, it is not stopped under them.
        (home / "embedded" / "postgres" / "roles").unlink()
        with Holding(home) as second:
            assert "an earlier version of kirdi uses it" in second.complaint()
        assert asyncio.run(execute(holding.database_url, "SELECT 1")) == 1
        holding.leave()


def test_data_of_another_version_is_refused_untouched(home: Path) -> None:
    start_and_stop(home)
    version = home / "embedded" / "postgres" / "data" / "PG_VERSION"
    version.write_text("12\n")
    with pytest.raises(EmbeddedError, match=r"made by version 12.*database\.url") as refusal:
        start_and_stop(home)
    assert "\n" not in str(refusal.value)
    assert version.read_text() == "12\n"
    assert pids(home) == [None, None]


def test_a_data_folder_that_is_none_is_not_overwritten(home: Path) -> None:
    data = home / "embedded" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "precious").write_text("x")
    with pytest.raises(EmbeddedError, match="PG_VERSION is missing"):
        start_and_stop(home)
    assert (data / "precious").read_text() == "x"


def test_damaged_data_is_named_in_one_line(home: Path) -> None:
    start_and_stop(home)
    (home / "embedded" / "postgres" / "data" / "global" / "pg_control").write_bytes(b"x" * 8192)
    with pytest.raises(EmbeddedError, match=r"does not start \(.*(FATAL|PANIC)") as refusal:
        start_and_stop(home)
    assert "\n" not in str(refusal.value)
    assert pids(home) == [None, None]
