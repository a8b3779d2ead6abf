"""The day's schedule, whole, for pages; and what of it was changed. Asked by the API and `app`."""

import asyncio
import json
from collections.abc import Collection, Sequence
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg

from streamer.crypto.vault import Vault
from streamer.domain.day_change import DayVersions
from streamer.domain.day_row import DayRow
from streamer.domain.sight import Sight
from streamer.storage.local_day import LocalDay
from streamer.storage.page_reader import PageReader
from streamer.storage.profile import place_of_profile
from streamer.storage.queries import sql
from streamer.storage.visits_reader import appointment_from

MOST_ROWS: Final = 5000
"""Of a day, on a page; the largest polyclinics have 1,500."""

_SERVICE: Final = Sight("kirdi")


class DayReader:
    """Of one site; its day is the one that the clock says it is there."""

    def __init__(self, pages: PageReader, vault: Vault) -> None:
        """Keep how rows are read, and what opens profiles."""
        self._pages = pages
        self._vault = vault
        self._state = ""
        self._versions: DayVersions | None = None

    @property
    def most_rows(self) -> int:
        """So many are read at most."""
        return MOST_ROWS

    def today(self) -> date:
        """The site's date."""
        return LocalDay.containing(self._pages.now(), self._pages.zone).day

    async def day(
        self,
        sight: Sight,
        *,
        named: bool,
        keys: Collection[UUID] | None = None,
        day: date | None = None,
    ) -> Sequence[DayRow]:
        """A day's rows, by start; the look is in the audit.

        Args:
            sight: Whose look, at whose rows.
            named: With the patients' names.
            keys: These rows only.
            day: Of the site; None = today.

        Raises:
            DatabaseError: It refuses.
            VaultError: A profile does not open.
        """
        async with self._pages.transaction() as connection:
            rows = await connection.fetch(sql("read_day"), *self._values(sight, keys, day))
            if rows:
                await self._pages.tell(connection, sight, "Appointment", rows, named=named)
        if not named:
            return [_row(row, None) for row in rows]
        # Opening 1,500 names takes longer than the loop should wait.
        return await asyncio.to_thread(lambda: [_row(row, self._name(row)) for row in rows])

    async def changed(self, keys: Collection[UUID]) -> Sequence[DayRow]:
        """These rows as they are now, nameless, for whoever follows the day; raises DatabaseError.

        Those that are not of this day any more are missing. It is no look at a patient: what is
        told of it are key, time, place and status, to whoever has been shown the row before.
        """
        async with self._pages.transaction() as connection:
            rows = await connection.fetch(sql("read_day"), *self._values(_SERVICE, keys, None))
        return [_row(row, None) for row in rows]

    async def versions(self) -> DayVersions:
        """The day as it is, to be compared; the same object where nothing was changed.

        Raises:
            DatabaseError: It refuses.
        """
        now = self._pages.now()
        span = LocalDay.containing(now, self._pages.zone)
        site, name = self._pages.site_id, span.day.isoformat()
        async with self._pages.transaction() as connection:
            state = await connection.fetchval(sql("day_state"), site, span.start, span.end, now)
            known = self._versions
            if known is not None and (known.day, self._state) == (name, state):
                return known
            rows = await connection.fetch(sql("day_versions"), site, span.start, span.end, now)
            reviews = await connection.fetch(sql("day_reviews"), site)
        self._state = state
        self._versions = DayVersions(
            name,
            {row["appointment_id"]: (row["version"], row["practitioner_ref"]) for row in rows},
            {row["review_id"]: row["camera_id"] for row in reviews},
        )
        return self._versions

    def _values(
        self, sight: Sight, keys: Collection[UUID] | None, day: date | None
    ) -> tuple[object, ...]:
        span = LocalDay(day or self.today(), self._pages.zone)
        wanted = None if keys is None else list(keys)
        return (*self._pages.seen_by(sight), span.start, span.end, wanted, MOST_ROWS)

    def _name(self, row: asyncpg.Record) -> str:
        place = place_of_profile(row["patient_id"])
        profile = json.loads(self._vault.unseal(row["wrapped_key"], place, row["sealed_profile"]))
        return str(profile["full_name"])


def _row(row: asyncpg.Record, patient: str | None) -> DayRow:
    return DayRow(
        row["appointment_id"],
        appointment_from(row),
        patient,
        tuple(row["seen"]),
        row["code_until"],
        row["enrolled"],
    )
