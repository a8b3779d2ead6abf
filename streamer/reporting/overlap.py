"""Has a report's next day read, and its former one written, while a day is judged.

Used by `runs`. Three days are in memory at most: one read, one judged, one written.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine

from streamer.domain.visit_day import VisitDay


async def one_ahead(days: AsyncIterator[VisitDay]) -> AsyncGenerator[VisitDay, None]:
    """Yield days, the next one being read meanwhile."""
    coming = asyncio.ensure_future(anext(days, None))
    try:
        while (day := await coming) is not None:
            coming = asyncio.ensure_future(anext(days, None))
            yield day
    finally:
        # The connection is given back only when nothing is read from it any more.
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


class OneBehind:
    """Has a day written while the next one is judged: one at a time, all when it is left."""

    def __init__(self) -> None:
        """Begin with nothing to write."""
        self._running: asyncio.Future[None] | None = None

    async def __aenter__(self) -> "OneBehind":
        """Enter."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for the last day; raises what its writing has raised."""
        running, self._running = self._running, None
        if running is None:
            return
        if kind is None:
            await running
            return
        # The connection is given back only when nothing is written to it any more.
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def begin(self, writing: Coroutine[object, object, None]) -> None:
        """Begin to write a day, when the one before is written; raises what that has raised."""
        former, self._running = self._running, None
        try:
            if former is not None:
                await former
        except BaseException:
            writing.close()
            raise
        self._running = asyncio.ensure_future(writing)
