"""A patient's appointments of one day, and how old the knowledge of them is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from streamer.domain.appointment import Appointment


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is known of a patient's day at a site.

    Attributes:
        appointments: By start.
        as_of: When PostgreSQL last confirmed them, UTC.
        age: How long ago that was when they were asked for. Seconds while PostgreSQL answers;
            minutes tell that it is away and that this is the last copy.
    """

    appointments: tuple[Appointment, ...]
    as_of: datetime
    age: timedelta
