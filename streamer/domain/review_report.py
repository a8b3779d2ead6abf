"""A waiting review as a person is shown it, in the clinic's own references. No names, no picture.

Reports go over the control socket; the ids of the database stay inside the service.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from streamer.domain.check_in import Recorded
from streamer.domain.decision import Reason
from streamer.domain.identity import Band


@dataclass(frozen=True, slots=True)
class AppointmentReport:
    """An appointment that would become arrived; the time is aware."""

    appointment_ref: str
    starts_at: datetime
    practitioner: str


@dataclass(frozen=True, slots=True)
class CandidateReport:
    """A patient who comes into question."""

    patient_ref: str
    score: float
    appointments: tuple[AppointmentReport, ...]


@dataclass(frozen=True, slots=True)
class ReviewReport:
    """One waiting look.

    Attributes:
        review_id: Its beginning is enough to name it, as long as no other begins so.
        threshold: The score from which a match is accepted.
    """

    review_id: str
    opened_at: datetime
    expires_at: datetime
    captured_at: datetime
    camera_id: str
    building: str
    reason: Reason
    band: Band
    threshold: float
    candidates: tuple[CandidateReport, ...]


@dataclass(frozen=True, slots=True)
class ArrivalReport:
    """What a confirmation did to one appointment."""

    appointment_ref: str
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class ReviewReferences:
    """From our ids to the clinic's references.

    Attributes:
        patients: By id; whoever does not consent any more is not among them.
        appointments: By id.
        open: Which of the appointments can still be arrived at.
        denied: Which of them the clinic's system says nobody came to.
    """

    patients: Mapping[UUID, str]
    appointments: Mapping[UUID, AppointmentReport]
    open: frozenset[UUID]
    denied: frozenset[UUID] = frozenset()
