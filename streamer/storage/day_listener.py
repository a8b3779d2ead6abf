"""Tells the schedule cache and the day's followers of what was written. Used by `stores`."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from streamer.storage.redis_events import RedisEvents
from streamer.storage.schedules import ScheduleCache


class DayListener:
    """Both of them; called after the commit, never raises."""

    def __init__(self, schedules: ScheduleCache, events: RedisEvents | None) -> None:
        """Keep whom to tell; None = without Redis, the service finds it by looking."""
        self._schedules = schedules
        self._events = events

    async def invalidate(self, days: Sequence[date]) -> None:
        """These days were changed."""
        await self._schedules.invalidate(days)
        await self._hint()

    async def invalidate_patient(self, patient_id: UUID, moment: datetime) -> None:
        """One patient's part of the site's day at `moment` was changed."""
        await self._schedules.invalidate_patient(patient_id, moment)
        await self._hint()

    async def _hint(self) -> None:
        if self._events is not None:
            await self._events.hint()
