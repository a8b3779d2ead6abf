"""Which reports are not final yet, and which revisions came lately. Used by `reporting/upkeep`."""

from datetime import datetime

from streamer.domain.report.period import Period, PeriodKind
from streamer.domain.report.revision import RevisionEntry
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql
from streamer.storage.reports import entry_of


class OpenReports:
    """Of one site; every method raises DatabaseError."""

    def __init__(self, postgres: Postgres, site_id: str) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site_id = site_id

    async def preliminary(self, before: datetime | None = None) -> list[Period]:
        """Return the periods whose newest revision is preliminary, the earliest first.

        Args:
            before: Those only whose answers ended by then; None = all.
        """
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("preliminary_reports"), self._site_id, before)
        return [Period(PeriodKind(row["kind"]), row["first_day"], row["last_day"]) for row in rows]

    async def made_since(self, moment: datetime) -> list[RevisionEntry]:
        """Return the later revisions that were made since, the oldest first."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("revisions_made_since"), self._site_id, moment)
        return [entry_of(row) for row in rows]
