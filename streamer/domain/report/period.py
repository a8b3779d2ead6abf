"""The days a report is about."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class PeriodKind(StrEnum):
    """How a period was chosen; there is one report for each kind, first and last day."""

    DAY = "day"
    WEEK = "week"
    """Monday to Sunday."""
    MONTH = "month"
    RANGE = "range"
    """Any days, as asked for."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days in the site's time, both ends included."""

    kind: PeriodKind
    first: date
    last: date

    @classmethod
    def containing(cls, kind: PeriodKind, day: date) -> "Period":
        """Return the day, week or month that a day lies in; a range is that day alone."""
        if kind is PeriodKind.WEEK:
            first = day - timedelta(days=day.weekday())
            return cls(kind, first, first + timedelta(days=6))
        if kind is PeriodKind.MONTH:
            first = day.replace(day=1)
            after = (first + timedelta(days=31)).replace(day=1)
            return cls(kind, first, after - timedelta(days=1))
        return cls(kind, day, day)

    @classmethod
    def of(cls, first: date, last: date) -> "Period":
        """Return these days as a day, week or month where they are just one, else as a range."""
        for kind in (PeriodKind.DAY, PeriodKind.WEEK, PeriodKind.MONTH):
            one = cls.containing(kind, first)
            if (one.first, one.last) == (first, last):
                return one
        return cls(PeriodKind.RANGE, first, last)

    @property
    def said(self) -> str:
        """Its days in a sentence of English."""
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def former(self) -> "Period":
        """The one before it: the trend's next point back."""
        before = self.first - timedelta(days=1)
        if self.kind is PeriodKind.RANGE:
            return Period(self.kind, before - timedelta(days=self.days - 1), before)
        return Period.containing(self.kind, before)
