"""The day's ticket numbers: drawn when appointments are booked, and whom the board calls.

A number is random, and another one each day, so that it says nothing of the patient. Used by the
import, by whoever issues a code, by the kiosk and by the board.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from streamer.domain.ticket import Called, VisitPlace
from streamer.storage.local_day import LocalDay
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql

_KEPT: Final = timedelta(days=7)
"""Numbers of days that are over are of use to nobody."""


async def draw_tickets(
    connection: Connection, site_id: str, zone: tzinfo, days: Iterable[date]
) -> None:
    """Give every appointment of these days a number that has none, inside a transaction.

    After whatever else it locks: who draws at the same time waits for its end.
    """
    wanted = sorted(days)
    if wanted:
        # Two who draw the same numbers in another order would wait for each other in a circle.
        await connection.execute(sql("lock_for_transaction"), f"tickets {site_id}")
    for day in wanted:
        span = LocalDay(day, zone)
        await connection.execute(sql("draw_tickets"), site_id, day, span.start, span.end)


class PostgresTickets:
    """The numbers of one site."""

    def __init__(self, postgres: Postgres, site_id: str, zone: tzinfo) -> None:
        """Keep the collaborators; `zone` says when a day begins."""
        self._postgres = postgres
        self._site_id = site_id
        self._zone = zone

    async def places(self, appointment_refs: Sequence[str]) -> dict[str, VisitPlace]:
        """When and where these appointments are, by reference; raises DatabaseError."""
        found = await self._places(appointment_refs)
        without = [one for one in found.values() if one.ticket is None]
        if without:
            # Booked before there were numbers.
            days = {one.starts_at.astimezone(self._zone).date() for one in without}
            async with self._postgres.transaction() as connection:
                await draw_tickets(connection, self._site_id, self._zone, days)
            found = await self._places(appointment_refs)
        return found

    async def called(self, building: str | None, most: int, now: datetime) -> list[Called]:
        """Today's newest arrivals, the newest first; raises DatabaseError.

        Args:
            building: What is elsewhere is left out; None = nothing is.
            most: So many.
            now: Aware.
        """
        today = LocalDay.containing(now, self._zone)
        day = (self._site_id, today.day, today.start)
        async with self._postgres.transaction() as connection:
            if await connection.fetchval(sql("arrival_without_ticket"), *day, today.end):
                await draw_tickets(connection, self._site_id, self._zone, [today.day])
            rows = await connection.fetch(sql("newest_arrivals"), *day, building, most)
        return [Called(**row) for row in rows]

    async def forget(self, now: datetime) -> None:
        """Delete the numbers of days long over; raises DatabaseError."""
        today = LocalDay.containing(now, self._zone).day
        async with self._postgres.connection() as connection:
            await connection.execute(sql("forget_old_tickets"), self._site_id, today - _KEPT)

    async def _places(self, appointment_refs: Sequence[str]) -> dict[str, VisitPlace]:
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("visit_places"), self._site_id, list(appointment_refs), str(self._zone)
            )
        return {row["appointment_ref"]: VisitPlace(**row) for row in rows}
