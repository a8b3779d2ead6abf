"""A calendar day of the site as a range of instants."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Self


@dataclass(frozen=True, slots=True)
class LocalDay:
    """[start, end) in UTC: 23, 24 or 25 hours, whatever the zone's clocks did that day."""

    day: date
    zone: tzinfo

    @classmethod
    def containing(cls, moment: datetime, zone: tzinfo) -> Self:
        """Return the site's day at an aware moment."""
        return cls(moment.astimezone(zone).date(), zone)

    @property
    def start(self) -> datetime:
        """The day's first instant, UTC."""
        return _midnight(self.day, self.zone)

    @property
    def end(self) -> datetime:
        """The next day's first instant, UTC."""
        return _midnight(self.day + timedelta(days=1), self.zone)


def _midnight(day: date, zone: tzinfo) -> datetime:
    # fold=0 takes the first of two midnights and, where there is none, the instant of the jump.
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
