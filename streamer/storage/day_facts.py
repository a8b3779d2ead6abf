"""What people have undone today, and who was seen before an appointment was booked.

Asked again and again by `checkin.day_watch`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import groupby
from typing import Final

import asyncpg

from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.late_booking import EarlierSighting, LateBooking
from streamer.domain.undone import Undone
from streamer.storage.local_day import LocalDay
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql
from streamer.storage.schedule_codec import appointment_from

_DAY: Final = timedelta(days=1)


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
        """Return what no face by itself arrives at today, and whose; raises DatabaseError."""
        day = LocalDay.containing(now, self._zone)
        async with self._postgres.connection() as connection:
            check_ins = await connection.fetch(
                sql("undone_between"), self._site_id, day.start, day.end
            )
            blocks = await connection.fetch(sql("face_blocks_of"), self._site_id, day.day)
            # A window may reach into the days beside.
            around = (day.start - _DAY, day.end + _DAY)
            made = await connection.fetch(sql("by_biller_between"), self._site_id, *around)
        return Undone(
            frozenset(row["appointment_id"] for row in check_ins),
            frozenset((row["patient_id"], row["day"]) for row in blocks),
            frozenset(row["appointment_id"] for row in made),
        )

    async def late_bookings(self, now: datetime) -> list[LateBooking]:
        """Return expected appointments whose window holds a sighting of their patient today.

        Only sightings that no member of staff can make up alone: `face`, `egov`, `code`. None of an
        appointment that had a check-in today: that was undone by a person. A face counts only where
        a consent has held ever since.

        Raises:
            DatabaseError: It refuses.
        """
        day = LocalDay.containing(now, self._zone)
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("late_bookings"), self._site_id, day.start, day.end, *self._window, day.day, now
            )
            decided = any(row["decided_by"] for row in rows)
            accounts = (
                await connection.fetch(sql("report_accounts"), self._site_id) if decided else []
            )
        return [
            _booking(list(group), accounts)
            for _, group in groupby(rows, key=lambda row: row["appointment_id"])
        ]


def _booking(rows: list[asyncpg.Record], accounts: Sequence[asyncpg.Record]) -> LateBooking:
    practitioner_ref = rows[0]["practitioner_ref"]
    return LateBooking(
        appointment_from(rows[0]),
        practitioner_ref,
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
        frozenset(
            one["name"].casefold()
            for one in accounts
            if practitioner_ref in one["practitioner_refs"]
        ),
    )
