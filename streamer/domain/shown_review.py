"""A conflict that was shown by other means than a camera in the lobby, and waits for a person.

It holds no face, so it waits in PostgreSQL: whichever process took the code, the running service
finds it, and a restart loses nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from streamer.domain.actor import Actor
from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.decision import Reason


@dataclass(frozen=True, slots=True)
class ShownReview:
    """One waiting look.

    Attributes:
        appointments: What the clinic says that nobody came to, or the patient, that it was not
            them who came; in order.
        method: How the patient showed that they are here, and what the `evidence` is worth.
        opened_at: UTC; ten minutes later it is over.
        shown_at: UTC, when the code was redeemed or the face compared.
        device_id: Where a code was shown.
        code_id: Which one; None where it was none of ours.
        vouched_by: Who issued the code, or said that the patient is here: may not confirm it.
        note: Why a person checked the patient in by hand.
        score: Of a comparison at the desk, with the `threshold` it reached; else None.
    """

    review_id: UUID
    patient_id: UUID
    appointments: tuple[UUID, ...]
    reason: Reason
    method: Method
    evidence: EvidenceGrade
    opened_at: datetime
    shown_at: datetime
    building: str | None
    camera_id: str | None = None
    device_id: str | None = None
    code_id: UUID | None = None
    vouched_by: Actor | None = None
    note: str | None = None
    score: float | None = None
    threshold: float | None = None
    pack_id: str | None = None
