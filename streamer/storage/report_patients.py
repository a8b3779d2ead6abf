"""What reports ask about patients, as of a day. Used by `visit_days`.

Nobody is kept from one day to the next, so that a period of any length takes the memory of a day:
only what a sealed profile said is, as opening one takes longest.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final
from uuid import UUID

from streamer.crypto.vault import Vault
from streamer.domain.age import birth_date_of, sex_of
from streamer.domain.patient_facts import PatientFacts
from streamer.storage.local_day import LocalDay
from streamer.storage.postgres import Connection
from streamer.storage.profile import patient_from
from streamer.storage.queries import sql

_TIMEOUT_S: Final = 30.0


class ReportPatients:
    """Of one period, in one transaction."""

    def __init__(self, connection: Connection, vault: Vault, site_id: str) -> None:
        """Begin with nobody."""
        self._connection = connection
        self._vault = vault
        self._site_id = site_id
        self._opened: dict[UUID, tuple[str | None, date | None]] = {}

    async def of_day(
        self, wanted: Collection[UUID], day: LocalDay, with_profile: Collection[UUID]
    ) -> Mapping[UUID, PatientFacts]:
        """Return facts as of a day.

        Args:
            wanted: Whose.
            day: The site's.
            with_profile: Of these, sex and birth date too.
        """
        if not wanted:
            return {}
        rows = await self._connection.fetch(
            sql("report_patients"),
            self._site_id,
            list(wanted),
            day.start,
            day.end,
            timeout=_TIMEOUT_S,
        )
        found = {row[0]: PatientFacts(*row) for row in rows}
        await self._open([one for one in with_profile if one not in self._opened])
        for one in with_profile:
            sex, birth_date = self._opened.get(one, (None, None))
            found[one] = found[one]._replace(sex=sex, birth_date=birth_date)
        return found

    async def _open(self, closed: list[UUID]) -> None:
        if not closed:
            return
        rows = await self._connection.fetch(
            sql("profiles_of"), self._site_id, closed, timeout=_TIMEOUT_S
        )
        for row in rows:
            patient = patient_from(row, (), self._vault)
            self._opened[row["patient_id"]] = (sex_of(patient), birth_date_of(patient))
