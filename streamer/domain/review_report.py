"""A waiting review as a person is shown it, in the clinic's own references. No names, no picture.

Reports go over the control socket; the ids of the database stay inside the service.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from streamer.domain.check_in import EvidenceGrade, Method, Recorded
from streamer.domain.decision import Reason
from streamer.domain.identity import Band
from streamer.domain.presence import PresenceFlag


@dataclass(frozen=True, slots=True)
class AppointmentReport:
    """An appointment that would become arrived; the time is aware."""

    appointment_ref: str
    starts_at: datetime
    practitioner: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class SeenReport:
    """A presence that a confirmation would leave; `appointment` is None where it has none."""

    flag: PresenceFlag
    appointment: AppointmentReport | None


@dataclass(frozen=True, slots=True)
class CandidateReport:
    """A patient who comes into question.

    Attributes:
        score: None where no face was compared.
        appointments: What would become arrived, or is in conflict.
        seen: What would be kept without anything becoming arrived.
    """

    patient_ref: str
    score: float | None
    appointments: tuple[AppointmentReport, ...]
    seen: tuple[SeenReport, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewReport:
    """One waiting look.

    Attributes:
        review_id: Its beginning is enough to name it, as long as no other begins so.
        captured_at: When the face was seen, or the code shown.
        camera_id: None where no camera had a part in it.
        band: None where no match was searched for, as for what only a face has.
        threshold: The score from which a match is accepted.
        device_id: Where a code was shown.
    """

    review_id: str
    opened_at: datetime
    expires_at: datetime
    captured_at: datetime
    camera_id: str | None
    building: str | None
    reason: Reason
    band: Band | None
    threshold: float | None
    candidates: tuple[CandidateReport, ...]
    method: Method = Method.FACE
    evidence: EvidenceGrade = EvidenceGrade.FACE
    device_id: str | None = None


@dataclass(frozen=True, slots=True)
class ArrivalReport:
    """What a confirmation did to one appointment."""

    appointment_ref: str
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class PresenceReport:
    """What a confirmation kept of a sighting by which nothing becomes arrived."""

    appointment_ref: str | None
    flag: PresenceFlag
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class ConfirmationReport:
    """All that a confirmation did."""

    arrivals: tuple[ArrivalReport, ...]
    presences: tuple[PresenceReport, ...] = ()


@dataclass(frozen=True, slots=True)
class Consenting:
    """A patient who consents to being recognised, and has without a gap since then (aware)."""

    patient_ref: str
    since: datetime


@dataclass(frozen=True, slots=True)
class ReviewReferences:
    """From our ids to the clinic's references.

    Attributes:
        patients: By id; whoever does not consent any more is not among them.
        appointments: By id.
        open: Which of the appointments can still be arrived at.
        denied: Which of them the clinic's system says nobody came to.
        arrived: Which of them somebody has been checked in for.
        known: Patients of the site by id, whether or not they consent to being recognised.
    """

    patients: Mapping[UUID, Consenting]
    appointments: Mapping[UUID, AppointmentReport]
    open: frozenset[UUID]
    denied: frozenset[UUID] = frozenset()
    known: Mapping[UUID, str] = field(default_factory=lambda: MappingProxyType({}))
    arrived: frozenset[UUID] = frozenset()

    def consenting(self, seen_at: datetime) -> dict[UUID, str]:
        """Return those whose consent has held ever since their face was seen then."""
        return {key: one.patient_ref for key, one in self.patients.items() if one.since <= seen_at}
