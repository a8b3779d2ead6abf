"""A site's appointments of a day as PostgreSQL has them. Used by `schedules`."""

from collections.abc import Collection, Sequence
from uuid import UUID

from streamer.domain.appointment import Appointment
from streamer.storage.held_day import DayState, Row
from streamer.storage.local_day import LocalDay
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql
from streamer.storage.schedule_codec import appointment_from


class ScheduleSource:
    """The queries; every one raises DatabaseError."""

    def __init__(self, postgres: Postgres, site_id: str) -> None:
        """Keep whom to ask, and about what."""
        self._postgres = postgres
        self._site_id = site_id

    async def of_patient(self, day: LocalDay, patient_id: UUID) -> tuple[Appointment, ...]:
        """One patient's appointments, by start."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("schedule_of_patient"), self._site_id, day.start, day.end, patient_id
            )
        return tuple(appointment_from(row) for row in rows)

    async def of_site(self, day: LocalDay) -> dict[UUID, list[Appointment]]:
        """Everybody's, each by start."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("schedule_of_site"), self._site_id, day.start, day.end
            )
        schedule: dict[UUID, list[Appointment]] = {}
        for row in rows:
            schedule.setdefault(row["patient_id"], []).append(appointment_from(row))
        return schedule

    async def states(self, days: Sequence[LocalDay]) -> list[DayState]:
        """Whether anything changed: the cheap question of every second. In the order of `days`."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("schedule_states"),
                self._site_id,
                [day.start for day in days],
                [day.end for day in days],
            )
        return [DayState(row["count"], int(row["squares"])) for row in rows]

    async def versions(self, day: LocalDay) -> dict[UUID, int]:
        """Every appointment's row version."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("schedule_versions"), self._site_id, day.start, day.end
            )
        return {row["appointment_id"]: row["version"] for row in rows}

    async def rows(self, ids: Collection[UUID]) -> list[Row]:
        """These appointments, on whatever day they are now."""
        if not ids:
            return []
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("schedule_rows"), self._site_id, list(ids))
        return [Row(row["version"], appointment_from(row)) for row in rows]
