"""Has what the web keeps for a while deleted when that is over. Run by `app`.

Idempotency keys, with the answers sealed beside them, go after a day; sessions when they have ended
by themselves; counts of failed sign-ins after a day, the places that accounts are known at after
thirty; ticket numbers a week after their day. Also where no web is served any more.
"""

import asyncio
from typing import Final

import structlog

from streamer.backend import Backend
from streamer.errors import DatabaseError

log = structlog.get_logger(__name__)

_EVERY_S: Final = 600.0


async def forget_what_is_over(backend: Backend, stop: asyncio.Event) -> None:
    """Look every ten minutes, until stopped."""
    while not await backend.clock.sleep(_EVERY_S, stop):
        now = backend.clock.now()
        try:
            await backend.once.forget(now)
            await backend.web_sessions.forget(now)
            await backend.sign_in_attempts.forget(now)
            await backend.tickets.forget(now)
        except DatabaseError as error:
            log.warning("what is over not forgotten; tried again later", reason=str(error))
