"""When an entrance was analysed on a day: a strip from midnight to midnight."""

from dataclasses import dataclass
from datetime import date, datetime

from streamer.domain.coverage import UnknownCause


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which it was not; aware, UTC, half-open."""

    starts_at: datetime
    ends_at: datetime
    cause: UnknownCause


@dataclass(frozen=True, slots=True)
class CoverageStrip:
    """Of one entrance and day, within the hours in which patients were due.

    Attributes:
        opens_at: The first window's begin, `closes_at` the last one's end; aware, UTC.
        share: Of the time in between, in which it was analysed; 0 to 1.
    """

    building: str
    entrance: str
    day: date
    opens_at: datetime
    closes_at: datetime
    share: float
    gaps: tuple[Gap, ...]
