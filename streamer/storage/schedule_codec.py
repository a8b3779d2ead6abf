"""A patient's appointments as JSON for the cache. What comes back is checked field by field."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from streamer.domain.appointment import Appointment, AppointmentStatus, Place


def encode(appointments: Sequence[Appointment]) -> bytes:
    """Return the cached form: ids, times and codes; nothing that names anybody."""
    return json.dumps(
        [
            [
                str(one.appointment_id),
                one.starts_at.isoformat(),
                one.ends_at.isoformat(),
                one.status.value,
                one.place.value,
                one.building,
            ]
            for one in appointments
        ],
        separators=(",", ":"),
    ).encode()


def decode(
    patient_id: UUID, cached: bytes, start: datetime, end: datetime
) -> tuple[Appointment, ...] | None:
    """Return the appointments, or None for anything that is not exactly such a list.

    Args:
        patient_id: Whose field of the cache it was.
        cached: What the cache held.
        start: The day's first instant; an appointment of another day is refused,
        end: as is one that starts at the next day's or later.
    """
    try:
        entries = json.loads(cached)
        if not isinstance(entries, list):
            return None
        found = tuple(_appointment(patient_id, entry) for entry in entries)
        valid = all(start <= one.starts_at < end for one in found)
    except (ValueError, TypeError, RecursionError):
        return None
    return found if valid else None


def appointment_from(row: asyncpg.Record) -> Appointment:
    """Return a row of `schedule_of_site` or `schedule_of_patient` as a record."""
    return Appointment(
        appointment_id=row["appointment_id"],
        patient_id=row["patient_id"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        status=AppointmentStatus(row["status"]),
        place=Place(row["place"]),
        building=row["building"],
    )


def _appointment(patient_id: UUID, entry: object) -> Appointment:
    if not isinstance(entry, list) or len(entry) != 6:
        raise ValueError("not an appointment")
    appointment_id, starts_at, ends_at, status, place, building = entry
    if not isinstance(appointment_id, str) or not isinstance(building, str | None):
        raise TypeError("not an appointment")
    return Appointment(
        appointment_id=UUID(appointment_id),
        patient_id=patient_id,
        starts_at=datetime.fromisoformat(starts_at),
        ends_at=datetime.fromisoformat(ends_at),
        status=AppointmentStatus(status),
        place=Place(place),
        building=building,
    )
