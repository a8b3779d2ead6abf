"""Has idempotency keys, and the answers sealed beside them, deleted after a day. Run by `app`."""

import asyncio
from typing import Final

import structlog

from streamer.clock import Clock
from streamer.errors import DatabaseError
from streamer.storage.idempotency import PostgresOnce

log = structlog.get_logger(__name__)

_EVERY_S: Final = 600.0


async def forget_keys(once: PostgresOnce, clock: Clock, stop: asyncio.Event) -> None:
    """Look every ten minutes, until stopped."""
    while not await clock.sleep(_EVERY_S, stop):
        try:
            await once.forget(clock.now())
        except DatabaseError as error:
            log.warning("idempotency keys not forgotten; tried again later", reason=str(error))
