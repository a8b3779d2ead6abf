"""What reports ask about patients, as of a day. Used by `visit_days`.

Nobody is kept from one day to the next, so that a period of any length takes the memory of a day:
only who had agreed when, and what a sealed profile said, as opening one takes longest.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
from msgspec.structs import asdict, replace

from streamer.crypto.vault import Vault
from streamer.domain.age import birth_date_of, sex_of
from streamer.domain.patient_facts import PatientFacts
from streamer.domain.patient_traits import PatientTraits
from streamer.storage.local_day import LocalDay
from streamer.storage.postgres import Connection
from streamer.storage.profile import patient_from
from streamer.storage.queries import sql
from streamer.storage.report_consents import ReportConsents

_TIMEOUT_S: Final = 30.0
_PORTION: Final = 1_000

Traits = Mapping[UUID, PatientTraits]
"""By patient; whoever is not in it is not asked about."""


class ReportPatients:
    """Of one site, in one transaction."""

    def __init__(
        self, connection: Connection, site_id: str, span: tuple[datetime, datetime]
    ) -> None:
        """Keep the collaborators; all days asked for are within [start, end)."""
        self._connection = connection
        self._site_id = site_id
        self._span = span
        self._consents: ReportConsents | None = None

    async def of_day(
        self, wanted: Collection[UUID], day: LocalDay, traits: Traits
    ) -> Mapping[UUID, PatientFacts]:
        """Return facts as of a day of the site's; `traits` are put to whoever has any."""
        if not wanted:
            return {}
        rows = await self._connection.fetch(
            sql("report_patients"), self._site_id, list(wanted), timeout=_TIMEOUT_S
        )
        consents = await self._of_period()
        found: dict[UUID, PatientFacts] = {}
        for patient_id, patient_ref, is_staff, *others in rows:
            key = patient_id.bytes
            # Of the staff nobody is recognised.
            enrolled = not is_staff and consents.enrolled(key, day)
            declined = not enrolled and consents.had_refused(key, day)
            alike = key in consents.code_only
            found[patient_id] = PatientFacts(
                patient_id, patient_ref, enrolled, declined, alike, *others
            )
        for one in found.keys() & traits.keys():
            found[one] = replace(found[one], **asdict(traits[one]))
        return found

    async def _of_period(self) -> ReportConsents:
        if self._consents is None:
            self._consents = await ReportConsents.read(self._connection, self._site_id, self._span)
        return self._consents

    async def traits(self, codes: tuple[str, ...], vault: Vault) -> Traits:
        """Open the profiles of those who were billed some services in the period.

        Args:
            codes: Beginnings of the services' codes, in small letters; none = nobody is asked for.
            vault: Opens them.

        Raises:
            VaultError: One does not open.
        """
        if not codes:
            return {}
        where = (self._site_id, *self._span)
        fetch = self._connection.fetch
        billed = await fetch(sql("report_service_codes"), *where, timeout=_TIMEOUT_S)
        asked = [row[0] for row in billed if row[0].casefold().startswith(codes)]
        patients = await fetch(sql("report_patients_of"), *where, asked, timeout=_TIMEOUT_S)
        ids = [row[0] for row in patients]
        found: dict[UUID, PatientTraits] = {}
        for first in range(0, len(ids), _PORTION):
            rows = await fetch(
                sql("profiles_of"), self._site_id, ids[first : first + _PORTION], timeout=_TIMEOUT_S
            )
            # Off the loop: the service has other things to do meanwhile.
            found |= await asyncio.to_thread(_opened, rows, vault)
        return found


def _opened(rows: Sequence[asyncpg.Record], vault: Vault) -> Traits:
    found: dict[UUID, PatientTraits] = {}
    for row in rows:
        patient = patient_from(row, (), vault)
        found[row["patient_id"]] = PatientTraits(sex_of(patient), birth_date_of(patient))
    return found
