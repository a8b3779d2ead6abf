"""What Redis is owed, and what of it is the service's own work. Used by `schedules`.

Redis may be away, flushed, restored or written by another process at any time; this keeps the two
things that have to be known then.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final
from uuid import UUID, uuid4

from streamer.errors import CacheError
from streamer.storage.held_day import HeldDay
from streamer.storage.local_day import LocalDay
from streamer.storage.redis_days import RedisDays, Renewed

# More patients than this are written as a whole day.
_MOST_PATCHED: Final = 200


class RedisMirror:
    """Days as Redis should have them; nothing here raises but `pay`."""

    def __init__(self, days: RedisDays) -> None:
        """Begin with nothing owed and nothing written."""
        self.days = days
        # Days whose change Redis could not be told of; it is told before it is believed again.
        # Each under the version it will get.
        self._owed: dict[date, str] = {}
        # Days that stand in Redis as they were written here, under these versions.
        self._written: dict[date, bytes] = {}

    def owe(self, days: Iterable[date]) -> None:
        """Have these days forgotten before anything is read again."""
        self._owed |= {day: uuid4().hex for day in days}

    async def pay(self) -> None:
        """Forget what is to be forgotten.

        Raises:
            CacheError: Redis is away; the rest stays owed.
        """
        for day, version in sorted(self._owed.items()):
            await self.days.forget(day, version)
            # Another change may have come meanwhile; that one is still owed.
            if self._owed.get(day) == version:
                del self._owed[day]

    async def try_to_pay(self) -> None:
        """As `pay`; the link has logged it where Redis is away."""
        try:
            await self.pay()
        except CacheError:
            return

    async def forget_patient(self, day: LocalDay, patient_id: UUID) -> None:
        """Have one patient asked for anew."""
        expected = self._written.get(day.day, b"")
        try:
            renewed = await self.days.forget_patient(day, patient_id, expected)
        except CacheError:
            self.owe([day.day])
            return
        if renewed.ours and self._written.get(day.day) == expected:
            self._written[day.day] = renewed.version

    async def confirm(self, day: LocalDay, now: datetime) -> bool:
        """Say that the day is as PostgreSQL has it; False where Redis lacks it or has another."""
        try:
            return await self.days.patch(day, self._written.get(day.day, b""), {}, now)
        except CacheError:
            return True  # there is nothing to repair until it is back

    async def renew(self, day: LocalDay) -> Renewed | None:
        """Have nothing written that was read until now; None where Redis is away."""
        try:
            return await self.days.renew(day, self._written.get(day.day, b""))
        except CacheError:
            self.owe([day.day])
            return None

    async def write(self, day: LocalDay, renewed: Renewed, before: HeldDay, after: HeldDay) -> None:
        """Write what was read under this version: what differs, where the rest is ours."""
        version, differing = renewed.version, before.differing(after)
        few = renewed.ours and len(differing) <= _MOST_PATCHED
        try:
            written = few and await self.days.patch(day, version, differing, after.as_of)
            if not written:
                written = await self.days.fill(day, version, after.patients, after.as_of)
        except CacheError:
            written = False
        if written:
            self._written[day.day] = version
            self._owed.pop(day.day, None)
        else:
            self._written.pop(day.day, None)
            self.owe([day.day])

    def keep_only(self, days: Iterable[date]) -> None:
        """Remember nothing of other days; what is owed stays owed."""
        wanted = set(days)
        self._written = {day: one for day, one in self._written.items() if day in wanted}
