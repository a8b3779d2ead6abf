"""Lists consents and receipts of erasure. No names; called by `kirdi consents` and the API."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from streamer.domain.actor import Actor
from streamer.domain.consent_entry import ConsentEntry
from streamer.domain.erasure_receipt import ErasureReceipt
from streamer.errors import InputError
from streamer.storage.page_reader import PageReader, without_id
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql


class ConsentsList:
    """Of one site."""

    def __init__(self, postgres: Postgres, pages: PageReader) -> None:
        """Keep the collaborators: the database, and how rows are read for people."""
        self._postgres = postgres
        self._pages = pages

    async def listed(self, by: Actor, patient_ref: str | None = None) -> list[ConsentEntry]:
        """Everything there was of one patient, or what is in force at the site.

        The audit says who looked, and whom they saw.

        Raises:
            InputError: There is no such patient.
            DatabaseError: It refuses.
        """
        values = (self._pages.site_id, patient_ref, self._pages.now())
        rows = await self._pages.whole(by, "Consent", "list_consents", values)
        if not rows:
            await self._refuse_unknown(patient_ref)
        return [_entry(row) for row in rows]

    async def of_patient(self, patient_ref: str) -> list[ConsentEntry]:
        """Everything there was of one patient, for whoever has just changed it; raises the same."""
        values = (self._pages.site_id, patient_ref, self._pages.now())
        async with self._postgres.connection() as connection:
            return [_entry(row) for row in await connection.fetch(sql("list_consents"), *values)]

    async def listed_receipts(
        self, by: Actor, patient_ref: str | None = None
    ) -> list[ErasureReceipt]:
        """The site's receipts of erasure, or a patient's, as `listed`; raises the same."""
        values = (self._pages.site_id, patient_ref, None)
        rows = await self._pages.whole(by, "Receipt", "list_erasures", values)
        if not rows:
            await self._refuse_unknown(patient_ref)
        return [ErasureReceipt(**dict(row)) for row in rows]

    async def receipts(self, ids: Sequence[UUID]) -> list[ErasureReceipt]:
        """Some by id, for whoever has just erased; raises DatabaseError."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("list_erasures"), self._pages.site_id, None, list(ids)
            )
        return [ErasureReceipt(**dict(row)) for row in rows]

    async def _refuse_unknown(self, patient_ref: str | None) -> None:
        """Tell a wrong reference from a patient of whom there is nothing to list."""
        if patient_ref is None:
            return
        async with self._postgres.connection() as connection:
            row = await connection.fetchrow(sql("patient_id_of"), self._pages.site_id, patient_ref)
        if row is None:
            raise InputError(
                f"patient {patient_ref}: is unknown at site {self._pages.site_id}; look at the "
                "reference",
                code="unknown_patient",
            )


def _entry(row: asyncpg.Record) -> ConsentEntry:
    return ConsentEntry(**without_id(row))
