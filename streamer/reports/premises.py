"""What reports have to know of a site: its entrances, code desks, hours and windows.

Put together of the settings by `streamer.reporting.premises`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Entrance:
    """A way in that patients take.

    Attributes:
        cameras: Those that look at it; none = nobody ever sees who comes in here.
    """

    building: str
    name: str
    cameras: frozenset[str]


@dataclass(frozen=True, slots=True)
class Premises:
    """One site.

    Attributes:
        kiosks: Cameras that read codes, and the building each stands in.
        code_desks: Buildings with a device at which codes are redeemed.
        known_cameras: Every camera the settings name, whatever its kind.
        hours: When the site is open, by weekday, 0 = Monday; empty = not known.
        opens_before: An appointment can be arrived at so long before its start,
        closes_after: and so long after it.
        presence_before: So long before its start its patient is looked for,
        presence_after: and, where a day has no hours, so long after it.
    """

    zone: tzinfo
    buildings: tuple[str, ...]
    entrances: tuple[Entrance, ...]
    known_cameras: frozenset[str] = frozenset()
    kiosks: Mapping[str, str] = field(default_factory=dict)
    code_desks: frozenset[str] = frozenset()
    hours: Mapping[int, tuple[tuple[time, time], ...]] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()
    opens_before: timedelta = timedelta(minutes=120)
    closes_after: timedelta = timedelta(minutes=30)
    presence_before: timedelta = timedelta(minutes=240)
    presence_after: timedelta = timedelta(minutes=240)

    def day_of(self, moment: datetime) -> date:
        """Return the site's day of an aware moment."""
        return moment.astimezone(self.zone).date()

    def window(self, starts_at: datetime) -> tuple[datetime, datetime]:
        """Return when somebody comes who has an appointment at this time."""
        return starts_at - self.opens_before, starts_at + self.closes_after

    def open_on(self, day: date) -> tuple[datetime, datetime] | None:
        """Return when the site opens and closes on a day, UTC; None = not known, or none."""
        hours = () if day in self.holidays else self.hours.get(day.weekday(), ())
        if not hours:
            return None
        opens, closes = min(begin for begin, _ in hours), max(end for _, end in hours)
        if closes <= opens:
            # Open over midnight: then no day is looked at as a whole.
            return None
        return (
            datetime.combine(day, opens, tzinfo=self.zone).astimezone(UTC),
            datetime.combine(day, closes, tzinfo=self.zone).astimezone(UTC),
        )


def opening_hours(given: Mapping[str, str]) -> Mapping[int, tuple[tuple[time, time], ...]]:
    """Return the hours of each weekday, 0 = Monday.

    Args:
        given: As in the settings: HH:MM-HH:MM by day (mon) or range of days (mon-fri, sat-mon).
    """
    found: dict[int, tuple[tuple[time, time], ...]] = {}
    for days, hours in given.items():
        first, _, last = days.partition("-")
        opens, _, closes = hours.partition("-")
        begin = _DAYS.index(first)
        length = (_DAYS.index(last or first) - begin) % 7 + 1
        for day in (number % 7 for number in range(begin, begin + length)):
            span = (time.fromisoformat(opens), time.fromisoformat(closes))
            found[day] = (*found.get(day, ()), span)
    return found
