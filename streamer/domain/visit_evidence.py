"""A piece of evidence that a patient was present, whatever it came from. Read by `reports`."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from streamer.domain.check_in import EvidenceGrade, Method


class EvidenceSource(StrEnum):
    """Which kind of record it is."""

    CHECK_IN = "check_in"
    PRESENCE = "presence"
    CONFIRMATION = "confirmation"
    """Of the ministry's own system, imported."""


class VisitEvidence(msgspec.Struct, frozen=True, gc=False):
    """One check-in in force, presence or confirmation.

    Attributes:
        source_id: The check-in's event, the presence or the confirmation.
        appointment_id: The appointment it is about; None = none in particular.
        occurred_at: Aware, UTC.
        building: Where; None = not known.
        produced_by: References of the practitioners who had a hand in it. For what they bill
            themselves it is no evidence.
        method: Of a check-in or presence.
    """

    source: EvidenceSource
    source_id: UUID
    patient_id: UUID
    appointment_id: UUID | None
    grade: EvidenceGrade
    occurred_at: datetime
    building: str | None = None
    camera_id: str | None = None
    device_id: str | None = None
    produced_by: tuple[str, ...] = ()
    method: Method | None = None
