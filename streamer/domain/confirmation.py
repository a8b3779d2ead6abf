"""That the ministry's own system has found a patient present; imported."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from streamer.domain.check_in import EvidenceGrade


class ConfirmationMethod(StrEnum):
    """How the ministry's system confirmed it."""

    FACE_ID = "face_id"
    EGOV = "egov"

    @property
    def grade(self) -> EvidenceGrade:
        """What it is worth as evidence."""
        return EvidenceGrade.FACE if self is ConfirmationMethod.FACE_ID else EvidenceGrade.EGOV


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One row of a confirmations import.

    Attributes:
        confirmation_ref: The ministry's number of it, unique at the site.
        confirmed_at: Aware, UTC.
        appointment_ref: Which appointment it was for, where that is known.
        taken_by: The practitioner at whose desk it was taken, where that is known: for what they
            bill themselves it is no evidence.
        building: Where it was taken, where that is known.
    """

    confirmation_ref: str
    patient_ref: str
    method: ConfirmationMethod
    confirmed_at: datetime
    appointment_ref: str | None = None
    taken_by: str | None = None
    building: str | None = None
