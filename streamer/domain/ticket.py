"""Ticket numbers: how patients are called without their names. Read by `storage.tickets`."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class VisitPlace:
    """When and where an appointment is, and its number of the day; times are UTC."""

    appointment_ref: str
    starts_at: datetime
    building: str | None
    room: str | None
    ticket: int | None


@dataclass(frozen=True, slots=True)
class Called:
    """An arrival as the board shows it."""

    ticket: int
    building: str | None
    room: str | None
    arrived_at: datetime
