"""A consent, and a receipt of erasure, as people see them, in the clinic's references."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """A consent as it was recorded; what earlier versions did not ask for is None. UTC."""

    consent_id: UUID
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


@dataclass(frozen=True, slots=True)
class ReceiptEntry:
    """As `ErasureReceipt`; the reference is None once the patient is gone altogether."""

    erasure_id: UUID
    patient_ref: str | None
    reason: str
    erased_by: str
    erased_at: datetime
    templates: int
    files_clean_at: datetime | None
    log_clean_at: datetime | None
    backups_clean_by: datetime
