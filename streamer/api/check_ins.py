"""Check-ins by hand, and their undoing, for `web.resources.CheckIns`."""

from datetime import datetime

from streamer.domain.actor import Actor
from streamer.storage.manual_check_ins import ManualCheckIns
from streamer.storage.undo import PostgresUndo
from streamer.web.models.check_ins import ManualCheckInWritten, UndoneCheckIn


class ApiCheckIns:
    """Of one site."""

    def __init__(self, by_hand: ManualCheckIns, undoing: PostgresUndo) -> None:
        """Keep the collaborators."""
        self._by_hand = by_hand
        self._undoing = undoing

    @property
    def enter_afterwards_days(self) -> int:
        """See `resources.CheckIns`."""
        return self._by_hand.enter_afterwards_days

    async def add(
        self, appointment_ref: str, by: Actor, reason: str, at: datetime | None
    ) -> ManualCheckInWritten:
        """Write one; raises InputError, DatabaseError."""
        done = await self._by_hand.add(appointment_ref, by, reason, at)
        return ManualCheckInWritten.model_validate(done)

    async def undo(
        self, appointment_ref: str, by: Actor, reason: str, wrong_person: bool
    ) -> UndoneCheckIn:
        """Take one back; raises InputError, DatabaseError."""
        done = await self._undoing.undo(appointment_ref, by, reason, wrong_person)
        return UndoneCheckIn.model_validate(done)
