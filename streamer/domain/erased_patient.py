"""What the erasure of a person destroyed, and what had to stay, until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from streamer.domain.erasure_receipt import ErasureReceipt


@dataclass(frozen=True, slots=True)
class StillKept:
    """Rows that stay, with the opaque id alone.

    Attributes:
        kind: As `domain.retention.Kept`.
        until: When the last of them is due for deletion, as the settings are now.
    """

    kind: str
    rows: int
    until: datetime


@dataclass(frozen=True, slots=True)
class ErasedPatient:
    """What came of it.

    Attributes:
        patient_id: What the rows that stay go on naming; it leads to nobody any more.
        deleted: Rows by kind, of this transaction.
        kept: What stays.
    """

    patient_id: UUID
    receipt: ErasureReceipt
    deleted: Mapping[str, int]
    kept: tuple[StillKept, ...]
