"""That somebody's consent ended or templates were erased. A line of the register of erasures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from streamer.domain.consent import ConsentPurpose


@dataclass(frozen=True, slots=True)
class Erased:
    """Opaque ids only, so that it may be kept, and copied, outside the database.

    Attributes:
        kind: A consent that ended, or a receipt of erasure.
        id: The consent's or the receipt's.
        site_id: Whose patient.
        patient_id: Random; says nothing to whoever has no database.
        purpose: What nobody may go by any more, if it was agreed to before `at`.
        reason: As it was recorded.
        at: When it ended.
    """

    kind: Literal["consent", "erasure"]
    id: UUID
    site_id: str
    patient_id: UUID
    purpose: ConsentPurpose
    reason: str
    at: datetime
