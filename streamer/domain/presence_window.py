"""When a seen patient leaves a presence, around the start of an appointment. A pure calculation.

Used by the decision, which says what a presence is evidence for, and by the gallery's queries.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from types import MappingProxyType
from typing import Final

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# What the database's times can tell apart.
_TICK: Final = timedelta(microseconds=1)


def closing_times(opening_hours: Mapping[str, str]) -> Mapping[int, time]:
    """Return when the site closes, by weekday (0 = Monday); a day without hours is not in it.

    Args:
        opening_hours: HH:MM-HH:MM by day (mon) or range of days (mon-fri, also sat-mon); where two
            name a day the later closing counts.
    """
    found: dict[int, time] = {}
    for days, hours in opening_hours.items():
        first, _, last = days.partition("-")
        begin = _DAYS.index(first)
        length = (_DAYS.index(last or first) - begin) % 7 + 1
        closes = time.fromisoformat(hours.partition("-")[2])
        for day in (number % 7 for number in range(begin, begin + length)):
            found[day] = max(found.get(day, closes), closes)
    return MappingProxyType(found)


@dataclass(frozen=True, slots=True)
class PresenceWindow:
    """From `before` an appointment's start until the site closes that day.

    On a day without opening hours, or a holiday, it ends `after` the start. It is never narrower
    than the arrival window, which it surrounds: even where an appointment begins after closing.

    Attributes:
        before: It opens so long before the start.
        after: And closes so long after it where the day has no hours.
        at_least_after: And never earlier than this after the start: the arrival window's end.
        zone: The site's.
        closes: Closing time by weekday, 0 = Monday.
        holidays: Days of the site without hours.
    """

    before: timedelta = timedelta(minutes=240)
    after: timedelta = timedelta(minutes=240)
    at_least_after: timedelta = timedelta(0)
    zone: tzinfo = UTC
    closes: Mapping[int, time] = field(default_factory=lambda: MappingProxyType({}))
    holidays: frozenset[date] = frozenset()

    def is_open(self, starts_at: datetime, now: datetime) -> bool:
        """Is the window of an appointment open? Half-open; both aware."""
        return starts_at - self.before <= now < self.ends(starts_at)

    def ends(self, starts_at: datetime) -> datetime:
        """Return when the window of an appointment closes, UTC."""
        closing = self.closing(starts_at.astimezone(self.zone).date())
        if closing is None:
            return starts_at + max(self.after, self.at_least_after)
        return max(closing, starts_at + self.at_least_after)

    def closing(self, day: date) -> datetime | None:
        """Return when the site closes on a day of its own, UTC; None where it has no hours."""
        closes = None if day in self.holidays else self.closes.get(day.weekday())
        if closes is None:
            return None
        # Of an hour that comes twice the first one, as a clock on the wall is read.
        return datetime.combine(day, closes, tzinfo=self.zone).astimezone(UTC)

    def open_starts(self, now: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """Return which starts have their window open at `now`: half-open ranges, apart, in order.

        Exactly those of `is_open`, for a query that selects by start. Times of a microsecond.
        """
        today = now.astimezone(self.zone).date()
        latest = now + self.before + _TICK
        # As far back as a window can have been open for, and as far ahead as one can be.
        reach = max(self.after, self.at_least_after, timedelta(days=1))
        first = (now - reach).astimezone(self.zone).date()
        ahead = (latest.astimezone(self.zone).date() - today).days
        found: list[tuple[datetime, datetime]] = []
        for number in range((first - today).days, ahead + 1):
            day = today + timedelta(days=number)
            begin, end = self._midnight(day), self._midnight(day + timedelta(days=1))
            earliest = max(begin, self._earliest(day, begin, now))
            end = min(end, latest)
            if earliest >= end:
                continue
            if found and found[-1][1] == earliest:
                found[-1] = (found[-1][0], end)
            else:
                found.append((earliest, end))
        return tuple(found)

    def _earliest(self, day: date, begin: datetime, now: datetime) -> datetime:
        """The first start of a day whose window has not closed yet."""
        closing = self.closing(day)
        if closing is None:
            return now - max(self.after, self.at_least_after) + _TICK
        return begin if now < closing else now - self.at_least_after + _TICK

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=self.zone).astimezone(UTC)
