"""A day of the demo's clinic, four times a second. Used by `demo`.

Its people are composed and its database is cleared away with it: what is shown on the screen is no
look at a patient that anybody would want on record, as `storage.listing` has it.
"""

from datetime import date
from typing import Any

from streamer.backend import Backend
from streamer.storage.listing import AppointmentRow, CheckInRow
from streamer.storage.local_day import LocalDay
from streamer.storage.page_reader import without_id
from streamer.storage.queries import sql


class DayRows:
    """Of the demo's own backend."""

    def __init__(self, backend: Backend) -> None:
        """Keep the stores."""
        self._backend = backend

    async def appointments(self, day: date) -> list[AppointmentRow]:
        """Those that start on a day; raises DatabaseError."""
        return [AppointmentRow(**row) for row in await self._rows("appointments", day)]

    async def check_ins(self, day: date) -> list[CheckInRow]:
        """Those of a day that are in force; raises the same."""
        rows = await self._rows("check_ins", day, False)
        return [CheckInRow(**row) for row in rows]

    async def _rows(self, what: str, day: date, *more: object) -> list[dict[str, Any]]:
        site = self._backend.settings.site
        span = LocalDay(day, site.zone)
        async with self._backend.database.postgres.connection() as connection:
            rows = await connection.fetch(sql(f"list_{what}"), site.id, span.start, span.end, *more)
        return [without_id(row) for row in rows]
