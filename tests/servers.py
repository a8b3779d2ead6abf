"""Real PostgreSQL and Redis servers for the tests; `conftest.py` makes fixtures of them."""

import asyncio
import os
import secrets
import shutil
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import redis

from streamer.embedded import process
from streamer.embedded.services import EmbeddedServers
from streamer.storage.database_errors import Place
from streamer.storage.database_role import DatabaseRole

_DROP_ATTEMPTS = 5

# Who logs in as what, by server; filled by those who start servers.
_LOGINS: dict[str, dict[DatabaseRole, str]] = {}


def as_role(url: str, role: DatabaseRole) -> str:
    """The same database, by the server's login for a role."""
    parts = urlsplit(url)
    login = _LOGINS[Place.of(url).host][role]
    return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}"))


def login_name(url: str, role: DatabaseRole) -> str:
    """What the server calls that login."""
    return _LOGINS[Place.of(url).host][role].partition(":")[0]


def know_embedded(servers: EmbeddedServers) -> str:
    """Remember the logins of embedded servers that run; the database's URL as its owner."""
    urls = {role: servers.database_url(role) for role in DatabaseRole}
    owner_url = urls[DatabaseRole.OWNER]
    _LOGINS[Place.of(owner_url).host] = {
        role: urlsplit(url).netloc.rpartition("@")[0] for role, url in urls.items()
    }
    return owner_url


async def make_logins(superuser_url: str) -> None:
    """Give a clinic's kind of server a login for each role; the superuser migrates."""
    parts = urlsplit(superuser_url)
    # Several runs may share one server: they agree on the passwords.
    password = parts.password or "kirdi"
    logins = {DatabaseRole.OWNER: f"{quote(parts.username or '')}:{quote(password)}"}
    connection = await asyncpg.connect(superuser_url, timeout=10, command_timeout=30)
    try:
        for role in DatabaseRole:
            login = f"{role}_login"
            statements = [f"CREATE ROLE {role} NOLOGIN"]
            if role is not DatabaseRole.OWNER:
                logins[role] = f"{login}:{quote(password)}"
                statements.append(f"CREATE ROLE {login} LOGIN PASSWORD '{password}' IN ROLE {role}")
            for statement in statements:
                with suppress(asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
                    await connection.execute(statement)
    finally:
        await connection.close()
    _LOGINS[Place.of(superuser_url).host] = logins


class Databases:
    """Makes empty databases on one server and drops them again."""

    def __init__(self, server_url: str) -> None:
        self.server_url = server_url
        self._made: list[str] = []

    def create(self, template: str | None = None) -> str:
        """The URL of a new database: empty, or a copy of the one whose URL is `template`.

        Nobody may be connected to the template meanwhile.
        """
        name = f"test_{secrets.token_hex(6)}"
        source = urlsplit(template).path.lstrip("/") if template else "template0"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        self._made.append(name)
        if template is not None:
            # A copy has the rows and the rights in it, and not those on it.
            self._execute(
                f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC; '
                f'GRANT CONNECT ON DATABASE "{name}" TO {", ".join(DatabaseRole)}'
            )
        return urlunsplit(urlsplit(self.server_url)._replace(path=f"/{name}"))

    def drop_all(self) -> None:
        """Drop what was made, whoever is connected."""
        while self._made:
            self._drop(self._made.pop())

    def _drop(self, name: str) -> None:
        # By force who is connected is ended, which takes a superuser where it is a superuser's
        # process: an autovacuum worker that happens to be at the database is one, and the embedded
        # server's owner is none ("permission denied to terminate process"). Without force the
        # server itself sends such a worker away, and minds whoever else is connected: so by turns.
        for _ in range(_DROP_ATTEMPTS):
            for how in (" WITH (FORCE)", ""):
                with suppress(asyncpg.InsufficientPrivilegeError, asyncpg.ObjectInUseError):
                    self._execute(f'DROP DATABASE IF EXISTS "{name}"{how}')
                    return
        raise AssertionError(f"database {name}: somebody is connected and cannot be ended")

    def _execute(self, statement: str) -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(self.server_url, timeout=10, command_timeout=30)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        in_thread(execute)


def spare_disk(home: Path) -> None:
    """Have a throwaway home's running PostgreSQL not wait for the disk.

    Nobody cuts the power here; of a killed server's writes the system loses none.
    """
    data = home / "embedded" / "postgres" / "data"
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write("fsync = off\n")
    os.kill(int((data / "postmaster.pid").read_text().partition("\n")[0]), signal.SIGHUP)


def in_thread(work: Callable[[], Coroutine[object, object, None]]) -> None:
    """Run a coroutine to its end on a loop of its own: a fixture must not touch the test's."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(work())).result()


def flush_redis(url: str) -> None:
    """Empty a Redis, so that a test sees only its own keys."""
    with redis.Redis.from_url(url) as client:
        client.flushall()


def free_port() -> int:
    """A TCP port on the loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def installed_postgres(folder: Path) -> Iterator[str]:
    """A clinic's kind of PostgreSQL: the system's own, on a TCP port with a password."""
    if given := os.environ.get("KIRDI_TEST_DATABASE_URL"):
        yield given
        return
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4])
    )
    if not found:
        # Processes of the tests that import this need no pytest, which takes long.
        import pytest

        pytest.skip("no PostgreSQL of the system; install it or set KIRDI_TEST_DATABASE_URL")
    binaries, data, password = found[-1].parent, folder / "data", secrets.token_hex(8)
    data.mkdir(mode=0o700, parents=True)
    password_file = folder / "password"
    password_file.write_text(password)
    initdb = process.Launch(
        argv=(
            str(binaries / "initdb"),
            *("-D", str(data), "-U", "clinic", "-E", "UTF8", "--locale=C", "--no-sync"),
            *("--auth=scram-sha-256", f"--pwfile={password_file}"),
        ),
        folder=data,
        own=(data,),
    )
    done = process.run(initdb, timeout_s=120)
    assert done.returncode == 0, done.stderr
    port = free_port()
    server = process.Launch(
        argv=(
            str(binaries / "postgres"),
            *("-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1"),
            *("-c", "unix_socket_directories=", "-c", "dynamic_shared_memory_type=mmap"),
            *("-c", "fsync=off", "-c", "shared_buffers=32MB", "-c", "timezone=Asia/Almaty"),
        ),
        folder=data,
        own=(data,),
    )
    lock, log = folder / "lock", folder / "log"
    process.start(server, lock, folder, log)
    try:
        pid_file = data / "postmaster.pid"
        ready = process.wait_until(
            lambda: pid_file.exists() and "ready" in pid_file.read_text(), timeout_s=30
        )
        assert ready, log.read_text()
        yield f"postgresql://clinic:{password}@127.0.0.1:{port}/postgres"
    finally:
        assert process.stop(lock, ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0)))


@contextmanager
def installed_redis(folder: Path) -> Iterator[str]:
    """A clinic's kind of Redis: the system's own, on a TCP port with a password."""
    if given := os.environ.get("KIRDI_TEST_REDIS_URL"):
        yield given
        return
    binary = shutil.which("redis-server", path="/usr/bin:/usr/local/bin")
    if binary is None:
        import pytest

        pytest.skip("no Redis of the system; install it or set KIRDI_TEST_REDIS_URL")
    port, password = free_port(), secrets.token_hex(8)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "redis.conf").write_text(
        f'port {port}\nbind 127.0.0.1\nrequirepass {password}\nsave ""\nappendonly no\n'
    )
    server = process.Launch(argv=(binary, "redis.conf"), folder=folder, own=(folder,))
    lock, url = folder / "lock", f"redis://:{password}@127.0.0.1:{port}/0"
    process.start(server, lock, folder, folder / "log")

    def answers() -> bool:
        with redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    try:
        assert process.wait_until(answers, timeout_s=10), (folder / "log").read_text()
        yield url
    finally:
        assert process.stop(lock, ((signal.SIGTERM, 5.0),))
