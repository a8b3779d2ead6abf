"""Has the server look at its tables anew after a large import. Called by both imports.

Until it does so by itself, a minute or so later, it takes them for what they were: a gallery that
is asked for every second can take a hundred times as long.
"""

from typing import Final

import structlog

from streamer.errors import DatabaseError
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql

log = structlog.get_logger(__name__)

_MANY: Final = 500
_TIMEOUT_S: Final = 60.0


async def refresh_statistics(postgres: Postgres, written: int) -> None:
    """Do so where many rows were written; that it cannot be done harms nobody, and is logged.

    Args:
        postgres: As the service; the rows are committed.
        written: How many.
    """
    if written < _MANY:
        return
    try:
        async with postgres.connection() as connection:
            await connection.execute(sql("analyze_tables"), timeout=_TIMEOUT_S)
    except DatabaseError as error:
        log.warning("statistics not refreshed; queries may be slow at first", reason=str(error))
