"""Does to a throwaway database what the service's login may not. Used by the benchmarks."""

from config.settings import Database
from streamer.backend import Backend
from streamer.storage.database_role import DatabaseRole
from streamer.storage.postgres import Postgres

_LIMITS = Database(command_timeout_s=300.0)


async def as_owner(backend: Backend, statement: str) -> None:
    """Run a statement as the database's owner, on a connection of its own.

    Raises:
        DatabaseError: It is refused.
    """
    postgres = Postgres(backend.services.url_as(DatabaseRole.OWNER), _LIMITS)
    await postgres.open()
    try:
        async with postgres.connection() as connection:
            await connection.execute(statement)
    finally:
        await postgres.close()
