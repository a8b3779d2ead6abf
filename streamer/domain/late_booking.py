"""An appointment that was booked after its patient had been seen: at the laboratory, say."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from streamer.domain.appointment import Appointment
from streamer.domain.check_in import EvidenceGrade, Method


@dataclass(frozen=True, slots=True)
class EarlierSighting:
    """A check-in or a presence of today, as it is recorded.

    Attributes:
        source_id: The check-in's event or the presence; evidence for another appointment now.
        building: Where it was; None where nobody knows.
        decided_by: Who looked at it or redeemed it; None where nobody had to.
    """

    source_id: UUID
    occurred_at: datetime
    building: str | None
    method: Method
    evidence: EvidenceGrade
    camera_id: str | None
    device_id: str | None
    score: float | None
    threshold: float | None
    pack_id: str | None
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class LateBooking:
    """An expected appointment without a check-in, and today's sightings of its patient.

    Attributes:
        accounts: Names, in small letters, of accounts that bill it; the settings may name others.
    """

    appointment: Appointment
    practitioner_ref: str
    sightings: tuple[EarlierSighting, ...]
    accounts: frozenset[str] = frozenset()
