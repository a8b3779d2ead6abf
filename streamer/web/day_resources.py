"""What the routes ask for that show the day and follow it. Parts of `resources.Resources`."""

from collections.abc import AsyncGenerator, Collection, Sequence
from datetime import date
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from streamer.domain.day_row import DayRow
from streamer.domain.sight import Sight

if TYPE_CHECKING:
    from streamer.web.event_stream import StreamedEvent
    from streamer.web.events.view import View


class Day(Protocol):
    """Reads today, whole, or another day; `storage.day_reader.DayReader` does."""

    @property
    def most_rows(self) -> int:
        """So many are read at most."""
        ...

    def today(self) -> date:
        """The site's date."""
        ...

    async def day(
        self,
        sight: Sight,
        *,
        named: bool,
        keys: Collection[UUID] | None = None,
        day: date | None = None,
    ) -> Sequence[DayRow]:
        """Its rows, or these of them, or another day's; raises DatabaseError, VaultError."""
        ...


class Events(Protocol):
    """Tells what happens of the day; `web.events.hub.EventHub` does."""

    @property
    def position(self) -> str:
        """Where somebody goes on who reads the day now."""
        ...

    def has_place_for(self, account: str) -> bool:
        """May one more page of this account come?"""
        ...

    def follow(
        self, view: "View", account: str, after: str | None
    ) -> AsyncGenerator["StreamedEvent", None]:
        """What happens from a position on; None = from now on."""
        ...
