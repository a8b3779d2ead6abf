"""A billed service as reports read it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from streamer.domain.billed_service import BilledService


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """Times are aware, UTC.

    Attributes:
        appointment_id: The appointment named, where this site knows it.
        recorded_at: When it was imported first.
    """

    claim_id: UUID
    service: BilledService
    patient_id: UUID
    appointment_id: UUID | None
    practitioner_name: str
    recorded_at: datetime
