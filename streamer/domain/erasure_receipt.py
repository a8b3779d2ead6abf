"""What is gone of a patient's templates, and by when no copy is left."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """Written in the transaction that ends the consent; completed afterwards.

    Attributes:
        reason: As `EndReason`.
        templates: How many were erased; from `erased_at` on nobody can match them.
        files_clean_at: Since when the database's files hold their keys no more; None = not yet.
        log_clean_at: Since when its write-ahead log does not either; None = not yet, or not known.
        backups_clean_by: When the last backup that may hold the keys is deleted, if backups are
            kept as long as the settings say.
        patient_ref: The clinic's reference, for whoever reads it; None where the patient is erased.
            The receipt itself keeps our own id only.
    """

    erasure_id: UUID
    patient_id: UUID
    consent_id: UUID | None
    reason: str
    erased_by: str
    erased_at: datetime
    templates: int
    files_clean_at: datetime | None
    log_clean_at: datetime | None
    backups_clean_by: datetime
    patient_ref: str | None = None
