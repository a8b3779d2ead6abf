"""Hands the latest of something on to whoever looks. Belongs to the event loop.

Who is slow misses some; while nobody looks nothing is kept.
"""

import asyncio
from types import TracebackType
from typing import Generic, Self, TypeVar

from streamer.errors import KirdiError

Item = TypeVar("Item")


class Latest(Generic[Item]):
    """The latest that has not been taken yet; a context manager that ends it."""

    def __init__(self, tap: "LatestTap[Item]") -> None:
        """Begin without any; made by `LatestTap.subscribe`."""
        self._tap = tap
        self._latest: Item | None = None
        self._ended = False
        self._news = asyncio.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def get(self) -> Item | None:
        """The next one; None once there will be no more."""
        while self._latest is None:
            if self._ended:
                return None
            self._news.clear()
            await self._news.wait()
        taken, self._latest = self._latest, None
        return taken

    def put(self, item: Item) -> None:
        """Replace what has not been taken."""
        if not self._ended:
            self._latest = item
            self._news.set()

    def close(self) -> None:
        """Look no more; harmless to repeat."""
        self._ended = True
        self._latest = None
        self._news.set()
        self._tap.left(self)


class LatestTap(Generic[Item]):
    """Where it comes from."""

    def __init__(self, most: int) -> None:
        """Begin with nobody.

        Args:
            most: Who may look at once.
        """
        self._most = most
        self._takers: set[Latest[Item]] = set()
        self._closed = False

    @property
    def wanted(self) -> bool:
        """Whether anybody looks."""
        return bool(self._takers)

    def subscribe(self) -> Latest[Item]:
        """Begin to look.

        Raises:
            KirdiError: The camera is being stopped, or too many do.
        """
        if self._closed or len(self._takers) >= self._most:
            raise KirdiError("camera: it is being stopped; try again")
        taker = Latest(self)
        self._takers.add(taker)
        return taker

    def put(self, item: Item) -> None:
        """Give it to all who look. Never waits."""
        for taker in self._takers:
            taker.put(item)

    def left(self, taker: Latest[Item]) -> None:
        """Somebody looks no more."""
        self._takers.discard(taker)

    def close(self) -> None:
        """The camera ends, and so does everybody's looking."""
        self._closed = True
        for taker in tuple(self._takers):
            taker.close()
