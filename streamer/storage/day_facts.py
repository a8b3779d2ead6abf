"""What people have undone today, and who was seen before an appointment was booked.

Asked again and again by `checkin.day_watch`.
"""

from datetime import datetime, timedelta, tzinfo
from itertools import groupby

import asyncpg

from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.late_booking import EarlierSighting, LateBooking
from streamer.domain.undone import Undone
from streamer.storage.local_day import LocalDay
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql
from streamer.storage.schedule_codec import appointment_from


class PostgresDayFacts:
    """The site's day."""

    def __init__(
        self,
        postgres: Postgres,
        site_id: str,
        zone: tzinfo,
        opens_before: timedelta,
        closes_after: timedelta,
    ) -> None:
        """Keep the collaborators; the window is the arrival window."""
        self._postgres = postgres
        self._site_id = site_id
        self._zone = zone
        self._window = (opens_before, closes_after)

    async def undone(self, now: datetime) -> Undone:
        """Return what was undone today, and whose faces are blocked; raises DatabaseError."""
        day = LocalDay.containing(now, self._zone)
        async with self._postgres.connection() as connection:
            check_ins = await connection.fetch(
                sql("undone_between"), self._site_id, day.start, day.end
            )
            blocks = await connection.fetch(sql("face_blocks_of"), self._site_id, day.day)
        return Undone(
            frozenset(row["appointment_id"] for row in check_ins),
            frozenset((row["patient_id"], row["day"]) for row in blocks),
        )

    async def late_bookings(self, now: datetime) -> list[LateBooking]:
        """Return expected appointments whose window holds a sighting of their patient today.

        Only sightings that no member of staff can make up alone: `face`, `egov`, `code`. None of an
        appointment that had a check-in before: that was undone by a person.

        Raises:
            DatabaseError: It refuses.
        """
        day = LocalDay.containing(now, self._zone)
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("late_bookings"), self._site_id, day.start, day.end, *self._window, day.day, now
            )
        return [
            _booking(list(group))
            for _, group in groupby(rows, key=lambda row: row["appointment_id"])
        ]


def _booking(rows: list[asyncpg.Record]) -> LateBooking:
    return LateBooking(
        appointment_from(rows[0]),
        rows[0]["practitioner_ref"],
        tuple(
            EarlierSighting(
                row["source_id"],
                row["occurred_at"],
                row["seen_in"],
                Method(row["method"]),
                EvidenceGrade(row["evidence"]),
                row["camera_id"],
                row["device_id"],
                row["score"],
                row["threshold"],
                row["pack_id"],
                row["decided_by"],
            )
            for row in rows
        ),
    )
