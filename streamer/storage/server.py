"""Which PostgreSQL answers, and what time it has. Asked by `streamer.api`."""

from dataclasses import dataclass
from datetime import datetime

from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql


@dataclass(frozen=True, slots=True)
class Server:
    """The database's server; `now` is aware."""

    version: str
    now: datetime


async def server_now(postgres: Postgres) -> Server:
    """Ask it; raises DatabaseError."""
    async with postgres.connection() as connection:
        row = await connection.fetchrow(sql("server_now"))
    assert row is not None
    # What a distributor adds to the version stands behind it.
    return Server(row["version"].split(" ")[0], row["now"])
