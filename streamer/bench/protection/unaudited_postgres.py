"""The database as it would be without the audit; for the benchmark alone.

No setting switches the audit off: here the one statement that appends to it is left out.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql


class UnauditedPostgres(Postgres):
    """Passes everything on but what goes to the audit."""

    def __init__(self, real: Postgres) -> None:
        """Stand on top of an open pool; closing it is its owner's business."""
        self.place = real.place
        self._real = real

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """See `Postgres`."""
        async with self._real.connection() as connection:
            yield _without_audit(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """See `Postgres`."""
        async with self._real.transaction() as connection:
            yield _without_audit(connection)


class _Silent:
    """A connection on which nothing is appended to the audit."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._left_out = sql("append_audit")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def execute(self, statement: str, *values: object) -> Any:
        if statement == self._left_out:
            return None
        return await self._connection.execute(statement, *values)


def _without_audit(connection: Connection) -> Any:
    return _Silent(connection)
