"""The pool of connections to PostgreSQL: bounded, and no wait without a time-out.

Opened and closed by `app` and the command line; everything else in `storage` borrows connections.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from config.settings import Database
from streamer.errors import DatabaseError
from streamer.storage.alongside import write_alongside
from streamer.storage.database_access import DatabaseAccess
from streamer.storage.database_errors import Place, raise_ours
from streamer.storage.database_role import DatabaseRole
from streamer.storage.roles import check_login

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]
    _Session: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Connection: TypeAlias = object
    _Session: TypeAlias = asyncpg.Connection

# Rows sent at once: each portion is far quicker than the time-out that bounds it.
_PORTION = 1_000
_CLOSE_TIMEOUT_S = 5.0


class _Stateless(_Session):
    """A session that needs no cleaning when it is given back; an open transaction is ended anyway.

    Whatever our statements set they set for their transaction only, and LISTEN has a connection of
    its own. Asking the server to forget all the same is a round trip for each borrowed connection.
    """

    __slots__ = ()

    def get_reset_query(self) -> str:
        """See asyncpg's `Connection.reset`."""
        return ""


class Postgres:
    """Connections to one database, and its errors in our words."""

    def __init__(
        self,
        url: str,
        limits: Database,
        *,
        role: DatabaseRole | None = None,
        site_id: str | None = None,
    ) -> None:
        """Remember where and how; `open` connects.

        Args:
            url: postgresql://…, the embedded server's socket included.
            limits: Pool size and time-outs; its own `url` is not looked at.
            role: What the URL's login has to be a member of, and of nothing more; None = whatever.
            site_id: Whose rows are seen, if the login serves it; None = no site's.
        """
        self.place = Place.of(url)
        self.role = role
        self.access = DatabaseAccess.of(url, limits, site_id)
        """What it takes to connect; for a process of our own that reads the same."""
        self._url = url
        self._limits = limits
        self._site = {} if site_id is None else {"kirdi.site": site_id}
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        """Connect once, so that a wrong URL shows here and not in the middle of something.

        Raises:
            DatabaseError: Names the database and the remedy, never the password. Also where the
                login may do less or more than the role.
        """
        with raise_ours(self.place):
            self._pool = await asyncpg.create_pool(
                self._url,
                # No floor: the pool would complain, with a traceback, while the server is away.
                min_size=0,
                connection_class=_Stateless,
                max_size=self._limits.pool_size,
                timeout=self._limits.connect_timeout_s,
                command_timeout=self._limits.command_timeout_s,
                server_settings={
                    "application_name": "kirdi",
                    "timezone": "UTC",
                    # A client that hangs inside a transaction must not keep rows locked for ever.
                    "idle_in_transaction_session_timeout": "60000",
                    **self._site,
                },
            )
        try:
            async with self.connection() as connection:
                if self.role is None:
                    await connection.execute("SELECT 1")
                else:
                    await check_login(connection, self.place, self.role)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Give every connection back; those still busy after five seconds are cut."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            await asyncio.wait_for(pool.close(), _CLOSE_TIMEOUT_S)
        except TimeoutError:
            pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Borrow a connection; each statement is its own transaction.

        Raises:
            DatabaseError: From here or from whatever is done with the connection.
        """
        if self._pool is None:
            raise DatabaseError(f"database {self.place}: is not open")
        with raise_ours(self.place):
            async with self._pool.acquire(timeout=self._limits.acquire_timeout_s) as connection:
                yield connection

    @asynccontextmanager
    async def own_connection(self, name: str) -> AsyncIterator[asyncpg.Connection]:
        """Connect apart from the pool, for as long as the caller listens.

        Args:
            name: What the server's list of connections shows.

        Raises:
            DatabaseError: From here or from whatever is done with the connection.
        """
        limit_s = self._limits.connect_timeout_s
        with raise_ours(self.place):
            connection = await asyncpg.connect(
                self._url,
                timeout=limit_s,
                command_timeout=self._limits.command_timeout_s,
                server_settings={"application_name": name, "timezone": "UTC", **self._site},
            )
            try:
                yield connection
            finally:
                try:
                    await connection.close(timeout=limit_s)
                except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                    # The other side is silent or gone: what is to be closed is closed here alone.
                    connection.terminate()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Borrow a connection for one transaction: committed at the end, undone by any exception.

        Raises:
            DatabaseError: As `connection`. If the commit itself is cut off it may have happened.
        """
        async with self.connection() as connection, connection.transaction():
            yield connection
            await write_alongside(connection)


async def write_rows(
    connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]
) -> None:
    """Run a statement for each row, in portions, inside the caller's transaction.

    A server that dies or hangs half-way is noticed within one portion's time-out.
    """
    for start in range(0, len(rows), _PORTION):
        await connection.executemany(statement, rows[start : start + _PORTION])
