"""What routes ask for that show the day, change and follow it. Parts of `resources.Resources`."""

from collections.abc import AsyncGenerator, Collection, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from streamer.domain.actor import Actor
from streamer.domain.day_row import DayRow
from streamer.domain.sight import Sight
from streamer.web.models.check_ins import ManualCheckInWritten, UndoneCheckIn

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


class CheckIns(Protocol):
    """Writes check-ins by hand and takes them back; raises InputError, DatabaseError."""

    @property
    def enter_afterwards_days(self) -> int:
        """So many days later a time may still be entered."""
        ...

    async def add(
        self, appointment_ref: str, by: Actor, reason: str, at: datetime | None
    ) -> ManualCheckInWritten:
        """Write one."""
        ...

    async def undo(
        self, appointment_ref: str, by: Actor, reason: str, wrong_person: bool
    ) -> UndoneCheckIn:
        """Take one back."""
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
