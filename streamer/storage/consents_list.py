"""Lists consents and receipts of erasure. No names; called by `kirdi consents`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from streamer.domain.erasure_receipt import ErasureReceipt
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A consent as it was recorded; what earlier versions did not ask for is None."""

    patient_ref: str
    purpose: str
    status: str
    document_ref: str
    given_at: datetime
    expires_at: datetime | None
    guardian_ref: str | None
    identity_check: str | None
    language: str | None
    text_version: int | None
    recorded_by: str | None
    recorded_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str | None


class ConsentsList:
    """Of one site."""

    def __init__(self, postgres: Postgres, site_id: str) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site_id = site_id

    async def consents(self, now: datetime, patient_ref: str | None = None) -> list[ConsentRow]:
        """Everything there was of one patient, or what is in force at the site.

        Raises:
            DatabaseError: It refuses.
        """
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("list_consents"), self._site_id, patient_ref, now)
        return [ConsentRow(**dict(row)) for row in rows]

    async def receipts(
        self, patient_ref: str | None = None, ids: Sequence[UUID] | None = None
    ) -> list[ErasureReceipt]:
        """The site's receipts, a patient's, or some by id; raises DatabaseError."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("list_erasures"),
                self._site_id,
                patient_ref,
                None if ids is None else list(ids),
            )
        return [ErasureReceipt(**dict(row)) for row in rows]
