"""One page that follows the day: what it has still to be sent, bounded. Made by `hub`."""

import asyncio
from collections import deque
from typing import Final

from streamer.web.event_stream import StreamedEvent
from streamer.web.events.view import View

MOST_WAITING: Final = 64
"""Events; a page that has not taken so many is cut off, and comes back."""


class FollowingPage:
    """Filled by the hub, emptied by the page's own answer."""

    def __init__(self, view: View, account: str) -> None:
        """Begin with nothing."""
        self.view = view
        self.account = account
        self._waiting: deque[StreamedEvent] = deque()
        self._ready = asyncio.Event()
        self.cut = False

    def put(self, event: StreamedEvent) -> None:
        """Have it sent; never blocks."""
        if self.cut:
            return
        if len(self._waiting) >= MOST_WAITING:
            # It takes too long; what it missed it gets when it is back.
            self.cut = True
            self._waiting.clear()
        else:
            self._waiting.append(event)
        self._ready.set()

    async def next(self) -> StreamedEvent | None:
        """Wait for the next one; None = the page was cut off."""
        while not self._waiting:
            if self.cut:
                return None
            self._ready.clear()
            await self._ready.wait()
        return self._waiting.popleft()
