"""The way back from a reference or an identity number to a record. No command shows one yet."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from streamer.crypto.keyed_hash import KeyedHash
from streamer.crypto.vault import Vault
from streamer.domain.patient import Patient
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.profile import patient_from
from streamer.storage.queries import sql


@dataclass(frozen=True, slots=True)
class StoredPatient:
    """A patient with our own id."""

    patient_id: UUID
    patient: Patient


class Patients:
    """The site's patients."""

    def __init__(
        self, postgres: Postgres, vault: Vault, keyed_hash: KeyedHash, site_id: str
    ) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._vault = vault
        self._keyed_hash = keyed_hash
        self._site_id = site_id

    async def by_ref(self, patient_ref: str) -> StoredPatient | None:
        """Find by the clinic's reference.

        Raises:
            DatabaseError: It refuses.
            VaultError: The profile does not open.
        """
        async with self._postgres.connection() as connection:
            row = await connection.fetchrow(sql("patient_by_ref"), self._site_id, patient_ref)
            return await self._unsealed(connection, row)

    async def by_id_number(self, id_type: str, number: str) -> StoredPatient | None:
        """Find by identity number; raises as `by_ref`."""
        number_hash = self._keyed_hash.of(id_type, number)
        async with self._postgres.connection() as connection:
            row = await connection.fetchrow(sql("patient_by_id_number"), self._site_id, number_hash)
            return await self._unsealed(connection, row)

    async def _unsealed(
        self, connection: Connection, row: asyncpg.Record | None
    ) -> StoredPatient | None:
        if row is None:
            return None
        guardians = await connection.fetch(sql("guardian_refs"), row["patient_id"])
        refs = tuple(guardian["patient_ref"] for guardian in guardians)
        return StoredPatient(row["patient_id"], patient_from(row, refs, self._vault))
