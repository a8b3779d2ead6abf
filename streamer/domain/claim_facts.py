"""A billed service as reports read it."""

from uuid import UUID

import msgspec

from streamer.domain.billed_service import BilledService


class ClaimFacts(msgspec.Struct, frozen=True, gc=False):
    """What verdicts and rules ask of it.

    Attributes:
        appointment_id: The appointment named, where this site knows it.
    """

    claim_id: UUID
    service: BilledService
    patient_id: UUID
    appointment_id: UUID | None
    practitioner_name: str
