"""A billed service as reports read it."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from streamer.domain.billed_service import BilledService


class ClaimFacts(NamedTuple):
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
