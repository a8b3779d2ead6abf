"""PostgreSQL and Redis for commands that have no URLs for them; called by `app` and `cli`.

Several commands share the servers of one home folder. The last one stops them; a killed one is
no longer counted, and servers that nobody stopped are taken over by the next.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from config.settings import Database, Redis
from streamer.embedded.home import make_private_folder
from streamer.embedded.lease_file import Holder, LeaseFile
from streamer.embedded.postgres_server import PostgresServer
from streamer.embedded.process import is_running, read_record, started_at, wait_until
from streamer.embedded.redis_server import RedisServer
from streamer.errors import DatabaseError, EmbeddedError
from streamer.storage.database_role import DatabaseRole

_LOCK_TIMEOUT_S = 300.0  # longer than the slowest first start
_REVIVE_S = 2.0
_ANSWER_TIMEOUT_S = 15.0  # a busy server, or one that recovers from a crash of one connection
_KEYS = {
    DatabaseRole.OWNER: "owner_url",
    DatabaseRole.RETENTION: "retention_url",
    DatabaseRole.AUDITOR: "auditor_url",
}
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Services:
    """Where the database and the cache answer. The URLs hold passwords and are never printed.

    Attributes:
        database_url: As the service.
        redis_url: None = there is none.
        other_urls: The database as its other roles, as far as there are logins for them.
    """

    database_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)
    other_urls: Mapping[DatabaseRole, str] = field(default_factory=dict, repr=False)

    @property
    def login_urls(self) -> Mapping[DatabaseRole, str]:
        """Who works with the database: every role there is a login for but the owner."""
        urls = dict(self.other_urls)
        urls.pop(DatabaseRole.OWNER, None)
        urls[DatabaseRole.SERVICE] = self.database_url
        return urls

    def url_as(self, role: DatabaseRole) -> str:
        """The database's URL for one of its roles.

        Raises:
            DatabaseError: The settings name none.
        """
        if role is DatabaseRole.SERVICE:
            return self.database_url
        if role not in self.other_urls:
            raise DatabaseError(
                f"database.{_KEYS[role]}: is not set; it takes a login that is a member of {role}"
            )
        return self.other_urls[role]


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One embedded server as it is now: its pid while it runs, the pids of those who use it."""

    name: str
    pid: int | None
    used_by: tuple[int, ...]


class EmbeddedServers:
    """The embedded servers of one home folder. Every method blocks; none may run on the loop."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._base = home / "embedded"
        self._lease = LeaseFile(self._base / "lease.json")
        self._postgres = PostgresServer(self._base)
        self._redis = RedisServer(self._base)

    @contextmanager
    def _locked(self) -> Iterator[list[Holder]]:
        """The lease file's holders; whatever the system refuses meanwhile becomes one line."""
        try:
            with self._lease.locked(_LOCK_TIMEOUT_S) as holders:
                yield holders
        except OSError as error:
            raise EmbeddedError(
                f"{error.filename or self._base}: {error.strerror or type(error).__name__}; "
                "free or open it for this user, or set KIRDI_HOME to another folder"
            ) from error

    def acquire(self, *, database: bool, redis: bool) -> Holder:
        """Have the wanted servers running and be counted as one who uses them.

        A Redis that is missing or does not start is done without, and the log says so: the
        holder's `services` name what there is.

        Raises:
            EmbeddedError: PostgreSQL cannot be started, or the home folder cannot be used.
        """
        make_private_folder(self._base)
        with self._locked() as holders:
            self._drop_gone_containers(holders)
            services: list[str] = []
            try:
                if database:
                    self._end_earlier_version(holders)
                    self._ensure(self._postgres, holders)
                    services.append(self._postgres.name)
                if redis and self._try_redis(holders):
                    services.append(self._redis.name)
            except BaseException:
                self._stop_unused(holders)
                raise
            holder = Holder.of_this_process(tuple(services))
            holders.append(holder)
        return holder

    def release(self, holder: Holder) -> None:
        """Be counted no longer; stops the servers that nobody uses now. Harmless twice.

        Raises:
            EmbeddedError: The lease file cannot be locked or written.
        """
        with self._locked() as holders:
            holders[:] = [other for other in holders if other.id != holder.id]
            self._stop_unused(holders)

    def revive(self, holder: Holder) -> None:
        """Start again what the holder uses and what has died meanwhile.

        Raises:
            EmbeddedError: It cannot be started; call again later.
        """
        used = [one for one in (self._postgres, self._redis) if one.name in holder.services]
        if all(is_running(server.lock) for server in used):
            return
        with self._locked():
            for server in used:
                if not is_running(server.lock):
                    _log.warning("embedded server died and is started again", server=server.name)
                    server.start()

    def services(self, holder: Holder) -> tuple[str | None, str | None]:
        """The database's (as the service) and the cache's URL; None for what the holder has not."""
        return (
            self._postgres.url() if self._postgres.name in holder.services else None,
            self._redis.url() if self._redis.name in holder.services else None,
        )

    def database_url(self, role: DatabaseRole) -> str:
        """The running database's URL for one of its roles.

        Raises:
            EmbeddedError: It does not run.
        """
        return self._postgres.url(role)

    def status(self) -> tuple[ServerStatus, ...]:
        """What runs and who uses it; changes nothing and makes no folder."""
        holders = self._lease.peek()
        found = []
        for server in (self._postgres, self._redis):
            record = read_record(server.lock) if is_running(server.lock) else None
            # A server that just starts holds its lock a moment before its own record is written.
            lives = record is not None and started_at(record.pid) == record.started
            users = tuple(holder.pid for holder in holders if server.name in holder.services)
            found.append(ServerStatus(server.name, record.pid if record and lives else None, users))
        return tuple(found)

    def _try_redis(self, holders: list[Holder]) -> bool:
        if not self._redis.is_installed() and not is_running(self._redis.lock):
            _log.warning("running without Redis: no redis-server is installed and no redis.url set")
            return False
        used = any(self._redis.name in holder.services for holder in holders)
        try:
            if used and is_running(self._redis.lock):
                # Whether it answers is not asked here, where every other command waits: one that
                # hangs costs each its own short time-out and no more.
                self._redis.url()
            else:
                self._ensure(self._redis, holders)
        except EmbeddedError as error:
            _log.warning("running without Redis", reason=str(error))
            return False
        return True

    def _end_earlier_version(self, holders: list[Holder]) -> None:
        """Stop a PostgreSQL that an earlier version left: roles are made while none runs."""
        server = self._postgres
        if not is_running(server.lock) or server.is_prepared():
            return
        if any(server.name in holder.services for holder in holders):
            raise EmbeddedError(
                f"embedded {server.name} in {self._base}: an earlier version of kirdi uses it; "
                "stop the other kirdi commands and start again"
            )
        if not server.stop():
            raise EmbeddedError(
                f"embedded {server.name} in {self._base}: an earlier version started it and it "
                "cannot be stopped; end its processes and start again"
            )

    def _ensure(self, server: PostgresServer | RedisServer, holders: list[Holder]) -> None:
        """Take over the running server, or start one; a hung one that nobody uses is replaced."""
        used = any(server.name in holder.services for holder in holders)
        if is_running(server.lock):
            if wait_until(server.answers, _ANSWER_TIMEOUT_S if used else 1.0):
                return
            if used:
                raise EmbeddedError(
                    f"embedded {server.name} in {self._base}: it runs and does not answer; "
                    "stop the other kirdi commands and start again"
                )
            if not server.stop():
                raise EmbeddedError(
                    f"embedded {server.name} in {self._base}: it does not answer and cannot be "
                    "stopped; end its processes and start again"
                )
        server.start()

    def _stop_unused(self, holders: list[Holder]) -> None:
        for server in (self._redis, self._postgres):
            used = any(server.name in holder.services for holder in holders)
            if not used and is_running(server.lock):
                server.stop()

    def _drop_gone_containers(self, holders: list[Holder]) -> None:
        """Holders of another container cannot be seen; without a server they use nothing."""
        if not any(is_running(server.lock) for server in (self._postgres, self._redis)):
            holders[:] = [holder for holder in holders if not holder.is_foreign()]


@asynccontextmanager
async def embedded_services(
    database: Database, redis: Redis | None, home: Path
) -> AsyncIterator[Services]:
    """The URLs to use: the settings' own, or those of embedded servers running meanwhile.

    Without `redis` none is started or spoken to.

    The settings' `owner_url`, `retention_url` and `auditor_url` go with their `url`.

    A cancelled start or stop still ends in its thread, so that nothing is left behind.

    Raises:
        EmbeddedError: PostgreSQL cannot be started, or the home folder cannot be used.
    """
    servers = EmbeddedServers(home)
    cache_url = None
    if redis is not None and redis.url is not None:
        cache_url = redis.url.get_secret_value()
    with_redis = redis is not None and cache_url is None
    if database.url is not None and not with_redis:
        yield Services(database.url.get_secret_value(), cache_url, _given(database))
        return
    starting = asyncio.ensure_future(
        asyncio.to_thread(servers.acquire, database=database.url is None, redis=with_redis)
    )
    try:
        holder = await asyncio.shield(starting)
    except asyncio.CancelledError:
        await _end_anyway(asyncio.ensure_future(_release_started(servers, starting)))
        raise
    try:
        database_url, embedded_cache_url = servers.services(holder)
        if database.url is not None:
            database_url, others = database.url.get_secret_value(), _given(database)
        else:
            others = {role: servers.database_url(role) for role in _KEYS}
        assert database_url is not None
        watching = asyncio.create_task(_keep_alive(servers, holder))
        try:
            yield Services(database_url, cache_url or embedded_cache_url, others)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
    finally:
        await _end_anyway(asyncio.ensure_future(asyncio.to_thread(servers.release, holder)))


def _given(database: Database) -> dict[DatabaseRole, str]:
    urls = {role: getattr(database, key) for role, key in _KEYS.items()}
    return {role: url.get_secret_value() for role, url in urls.items() if url is not None}


async def _keep_alive(servers: EmbeddedServers, holder: Holder) -> None:
    """Nobody else starts an embedded server again; cancelled when it is needed no longer."""
    while True:
        await asyncio.sleep(_REVIVE_S)
        reviving = asyncio.ensure_future(asyncio.to_thread(servers.revive, holder))
        try:
            await asyncio.shield(reviving)
        except asyncio.CancelledError:
            # A start that is under way ends before the server is released.
            await asyncio.wait([reviving])
            raise
        except EmbeddedError as error:
            _log.warning("embedded server not started", reason=str(error))


async def _release_started(servers: EmbeddedServers, starting: asyncio.Future[Holder]) -> None:
    try:
        holder = await starting
    except EmbeddedError:
        return
    await asyncio.to_thread(servers.release, holder)


async def _end_anyway(task: asyncio.Future[None]) -> None:
    """Wait for a task through any number of cancellations; the last one is raised after it."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                break
            cancelled = error
    if cancelled is not None:
        raise cancelled
    task.result()
