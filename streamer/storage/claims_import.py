"""Imports billed services. Called by `kirdi claims import`."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from uuid import UUID, uuid4

from streamer.domain.billed_service import BilledService
from streamer.storage.portioned_import import PortionedImport
from streamer.storage.postgres import Connection, write_rows
from streamer.storage.queries import sql


class ClaimsImport(PortionedImport[BilledService]):
    """Writes claims; practitioners that nobody has named yet are made, under their reference."""

    entity: ClassVar[str] = "Claim"
    fields: ClassVar[tuple[str, ...]] = (
        "appointment_ref",
        "patient_id",
        "practitioner_id",
        "service_code",
        "service_name",
        "performed_at",
        "amount",
        "currency",
        "time_precision",
        "payer",
        "contract",
        "icd10",
        "tariff",
        "quantity",
        "entered_at",
        "place",
        "room",
    )
    optional: ClassVar[frozenset[str]] = frozenset(
        {
            "appointment_ref",
            "time_precision",
            "payer",
            "contract",
            "icd10",
            "tariff",
            "quantity",
            "entered_at",
            "place",
            "room",
        }
    )
    stored: ClassVar[str] = "claims_for_import"
    insert: ClassVar[str] = "insert_claim"
    update: ClassVar[str] = "update_claim"

    def ref(self, record: BilledService) -> str:
        """See `PortionedImport.ref`."""
        return record.claim_ref

    def values(
        self, record: BilledService, patient_id: UUID, practitioners: Mapping[str, UUID]
    ) -> tuple[object, ...]:
        """See `PortionedImport.values`."""
        return (
            record.appointment_ref,
            patient_id,
            practitioners[record.practitioner_ref],
            record.service_code,
            record.service_name,
            record.performed_at,
            record.amount,
            record.currency,
            record.time_precision.value,
            record.payer,
            record.contract,
            record.icd10,
            record.tariff,
            record.quantity,
            record.entered_at,
            None if record.place is None else record.place.value,
            record.room,
        )

    async def prepare(
        self, connection: Connection, records: Sequence[BilledService]
    ) -> dict[str, UUID]:
        """See `PortionedImport.prepare`; an import of appointments gives the names later."""
        refs = sorted({one.practitioner_ref for one in records})
        new = [(uuid4(), self._site_id, ref) for ref in refs]
        await write_rows(connection, sql("ensure_practitioner"), new)
        rows = await connection.fetch(sql("practitioner_ids"), self._site_id, refs)
        return {row["practitioner_ref"]: row["practitioner_id"] for row in rows}
