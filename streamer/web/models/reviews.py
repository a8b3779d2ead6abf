"""Reviews that wait for a person, and comparisons at the desk."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from streamer.domain.check_in import EvidenceGrade, Method, Recorded
from streamer.domain.comparison import ComparisonOutcome
from streamer.domain.decision import Reason
from streamer.domain.identity import Band
from streamer.domain.presence import PresenceFlag
from streamer.web.fields import Named, Reference
from streamer.web.models.base import Answer, Sent


class OpenAppointment(Answer):
    """An appointment that would become arrived."""

    appointment_ref: str
    starts_at: datetime
    practitioner: str
    room: str | None = None


class SeenOutside(Answer):
    """A presence: seen outside the arrival window."""

    flag: PresenceFlag
    appointment: OpenAppointment | None


class Candidate(Answer):
    """A patient who comes into question."""

    patient_ref: str
    score: float | None = Field(description="null where no face was compared")
    appointments: list[OpenAppointment]
    seen: list[SeenOutside] = Field(
        description="what is kept once it is confirmed, without an arrival"
    )


class Review(Answer):
    """One waiting look: at a match, or at a conflict that was shown by a code or by hand."""

    review_id: UUID
    opened_at: datetime
    expires_at: datetime
    captured_at: datetime
    camera_id: str | None = Field(description="null where no camera had a part in it")
    building: str | None
    reason: Reason
    band: Band | None
    threshold: float | None
    candidates: list[Candidate]
    method: Method = Field(description="how the patient showed that they are here")
    evidence: EvidenceGrade
    device_id: str | None = Field(description="where a code was shown")


class Waiting(Answer):
    """What waits, without whom it is about."""

    review_id: UUID
    expires_at: datetime


class CandidateShown(Answer):
    """What a person compares a face with, and asks for: no picture of a patient is kept."""

    patient_ref: str
    full_name: str
    birth_year: int | None
    age: int | None = Field(description="in full years, today")
    sex: str | None


class Confirmation(Sent):
    """Which candidate it is."""

    patient_ref: Reference | None = Field(
        None, description="needed where there are several", examples=["P-17"]
    )


class ArrivalWritten(Answer):
    """What became of one appointment."""

    appointment_ref: str
    recorded: Recorded


class PresenceKept(Answer):
    """What became of a sighting by which nothing becomes arrived."""

    appointment_ref: str | None
    flag: PresenceFlag
    recorded: Recorded


class Confirmed(Answer):
    """What a confirmation did."""

    review_id: UUID
    arrivals: list[ArrivalWritten]
    presences: list[PresenceKept]


class Rejected(Answer):
    """It is none of the candidates: remembered for the day."""

    review_id: UUID


class ComparisonWanted(Sent):
    """Whom reception has picked, and before which camera they stand."""

    patient_ref: Reference = Field(examples=["P-17"])
    camera_id: Named = Field(examples=["desk-1"])


class ComparisonDone(Answer):
    """What came of it. No picture."""

    patient_ref: str
    camera_id: str
    outcome: ComparisonOutcome
    reason: Reason | None
    arrivals: list[ArrivalWritten]
    presences: list[PresenceFlag]
    threshold: float
    score: float | None
    frames_agreeing: int
    shortcoming: str
    seconds: float
