"""An audit event as it is read back, with its place in the chains. Listed and exported."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

Detail = tuple[tuple[str, str | int | float | bool | None], ...]


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """What stands in the audit; codes are texts, since a newer version may have written others.

    Attributes:
        recorded_at: When the transaction committed, by the database's clock, UTC.
        occurred_at: When it happened, as whoever wrote it said; None where that cannot be read.
        body: As it was hashed.
    """

    site_id: str
    lane: int
    sequence: int
    recorded_at: datetime
    hash: bytes
    body: str
    kind: str
    action: str
    actor: str
    outcome: str
    occurred_at: datetime | None
    patient_id: UUID | None
    entity_type: str
    entity_id: str
    reason: str
    detail: Detail
