"""What the hub needs of the rest."""

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from streamer.domain.day_change import DayChange
from streamer.domain.day_row import DayRow


class ChangedRows(Protocol):
    """Reads rows; `storage.day_reader.DayReader` does."""

    async def changed(self, keys: Collection[UUID]) -> Sequence[DayRow]:
        """These as they are now, those that are not of the day left out; raises DatabaseError."""
        ...


class EventLog(Protocol):
    """Keeps what was told; `storage.redis_events.RedisEvents` does. All raise CacheError."""

    async def append(self, change: DayChange) -> str:
        """Add one; returns its id."""
        ...

    async def newest(self) -> str:
        """The last one's id."""
        ...

    async def follow(self, after: str) -> Sequence[tuple[str, DayChange]]:
        """Wait a while for what comes after an id."""
        ...

    async def since(self, after: str, most: int) -> Sequence[tuple[str, DayChange]] | None:
        """What came after an id; None where that is not known any more, or more than `most`."""
        ...
