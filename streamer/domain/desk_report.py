"""What came of comparing a patient at the desk, in the clinic's own references. No picture."""

from dataclasses import dataclass

from streamer.domain.comparison import ComparisonOutcome
from streamer.domain.decision import Reason
from streamer.domain.presence import PresenceFlag
from streamer.domain.review_report import ArrivalReport


@dataclass(frozen=True, slots=True)
class DeskReport:
    """One comparison.

    Attributes:
        outcome: What the camera said.
        reason: What the day's appointments made of a match; None where there was none.
        arrivals: What became of each appointment there was to arrive at.
        presences: As what the sighting was recorded besides; it changes no status.
        score: None where too few frames agreed for there to be one; `threshold` had to be reached.
        shortcoming: What kept the last face from being compared; empty = nothing did.
    """

    patient_ref: str
    camera_id: str
    outcome: ComparisonOutcome
    reason: Reason | None
    arrivals: tuple[ArrivalReport, ...]
    presences: tuple[PresenceFlag, ...]
    threshold: float
    score: float | None
    frames_agreeing: int
    shortcoming: str
    seconds: float
