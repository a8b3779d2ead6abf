"""Imports confirmations of the ministry's own system. Called by `kirdi confirmations import`."""

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from streamer.domain.confirmation import Confirmation
from streamer.storage.portioned_import import PortionedImport


class ConfirmationsImport(PortionedImport[Confirmation]):
    """Writes confirmations."""

    entity: ClassVar[str] = "Confirmation"
    is_evidence: ClassVar[bool] = True
    fields: ClassVar[tuple[str, ...]] = (
        "patient_id",
        "method",
        "confirmed_at",
        "appointment_ref",
        "taken_by",
        "building",
    )
    optional: ClassVar[frozenset[str]] = frozenset({"appointment_ref", "taken_by", "building"})
    stored: ClassVar[str] = "confirmations_for_import"
    insert: ClassVar[str] = "insert_confirmation"
    update: ClassVar[str] = "update_confirmation"

    def ref(self, record: Confirmation) -> str:
        """See `PortionedImport.ref`."""
        return record.confirmation_ref

    def values(
        self, record: Confirmation, patient_id: UUID, practitioners: Mapping[str, UUID]
    ) -> tuple[object, ...]:
        """See `PortionedImport.values`."""
        del practitioners
        return (
            patient_id,
            record.method.value,
            record.confirmed_at,
            record.appointment_ref,
            record.taken_by,
            record.building,
        )
