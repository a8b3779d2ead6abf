"""When something is due, in the site's own time, on days with 23 or 25 hours as well.

Used by `Job` and `JobScheduler`. A time that the clock skips in spring counts an hour later; one
that comes twice in autumn counts once, the first time.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

_TICK: Final = timedelta(microseconds=1)


class SiteTimes:
    """The moments of one cron line."""

    def __init__(self, cron: str, zone: ZoneInfo) -> None:
        """Read the line.

        Args:
            cron: Five fields: minute, hour, day of the month, month, day of the week (mon or 0-6,
                where 0 is Monday, as APScheduler counts).
            zone: The site's.

        Raises:
            ValueError: It cannot be read.
        """
        # The cron fields are looked for on the wall clock alone, as if it were UTC: APScheduler 3
        # compares local times and would find an hour that comes twice again and again.
        self._wall = CronTrigger.from_crontab(cron, timezone=UTC)
        self._zone = zone

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first due moment after `moment`, in UTC; None = there is none any more."""
        wall = moment.astimezone(self._zone).replace(tzinfo=UTC)
        while True:
            found = self._wall.get_next_fire_time(None, wall + _TICK)
            if found is None:
                return None
            due: datetime = found.replace(tzinfo=self._zone).astimezone(UTC)
            if due > moment:
                return due
            wall = found

    def between(self, start: datetime, end: datetime) -> list[datetime]:
        """Return the due moments after `start` and until `end`, in UTC, oldest first."""
        moments: list[datetime] = []
        due = self.next_after(start)
        while due is not None and due <= end:
            moments.append(due)
            due = self.next_after(due)
        return moments


class SiteTrigger(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """The same for APScheduler."""

    def __init__(self, times: SiteTimes) -> None:
        """Keep the times."""
        self._times = times

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        """See APScheduler's `BaseTrigger`."""
        after = now if previous_fire_time is None else max(now, previous_fire_time)
        return self._times.next_after(after)
