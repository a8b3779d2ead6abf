"""Does to a throwaway database what the service's login may not. Used by the benchmarks."""

import asyncpg

from streamer.backend import Backend
from streamer.storage.database_errors import raise_ours
from streamer.storage.database_role import DatabaseRole

_LIMIT_S = 300.0


async def as_owner(backend: Backend, statement: str) -> None:
    """Run a statement as the database's owner, on a connection of its own.

    Raises:
        DatabaseError: It is refused.
    """
    url = backend.services.url_as(DatabaseRole.OWNER)
    with raise_ours(backend.database.postgres.place):
        connection = await asyncpg.connect(url, timeout=10.0, command_timeout=_LIMIT_S)
        try:
            await connection.execute(statement)
        finally:
            await connection.close(timeout=10.0)
