"""Has what the web keeps for a while deleted when that is over. Run by `app`.

Idempotency keys, with the answers sealed beside them, go after a day, sessions when they have ended
by themselves, ticket numbers a week after their day.
"""

import asyncio
from typing import Final

import structlog

from streamer.clock import Clock
from streamer.errors import DatabaseError
from streamer.storage.idempotency import PostgresOnce
from streamer.storage.tickets import PostgresTickets
from streamer.storage.web_sessions import PostgresSessions

log = structlog.get_logger(__name__)

_EVERY_S: Final = 600.0


async def forget_what_is_over(
    once: PostgresOnce,
    sessions: PostgresSessions,
    tickets: PostgresTickets,
    clock: Clock,
    stop: asyncio.Event,
) -> None:
    """Look every ten minutes, until stopped."""
    while not await clock.sleep(_EVERY_S, stop):
        now = clock.now()
        try:
            await once.forget(now)
            await sessions.forget(now)
            await tickets.forget(now)
        except DatabaseError as error:
            log.warning("what is over not forgotten; tried again later", reason=str(error))
