"""What a camera said when one person's face was compared with one patient's template, 1:1."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ComparisonOutcome(StrEnum):
    """How a comparison ended; only `matched` says that it is the patient."""

    MATCHED = "matched"
    NOT_MATCHED = "not_matched"
    """Somebody was compared, and is not surely the patient."""
    NO_FACE = "no_face"
    """Nobody's face could be compared."""
    SEVERAL_PEOPLE = "several_people"
    """More than one person stood in the lane: nobody was compared."""
    LIVENESS_DOUBT = "liveness_doubt"
    """It would have matched, and may be a picture of a face."""
    NO_PICTURE = "no_picture"
    """The camera sent no frame."""
    ENDED = "ended"
    """The camera was stopped or changed, or the service stops."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How it ended, with the figures that say so.

    Attributes:
        threshold: The score that had to be reached.
        score: Of the probe; None where too few frames agreed for there to be one.
        frames_agreeing: Frames that by themselves were near enough to the template.
        captured_at: UTC, of the frame that decided; None unless it matched.
        liveness: How surely it is a living face, 0 to 1; None = not asked.
        shortcoming: What kept the last face in the lane from being compared; empty = nothing did.
    """

    outcome: ComparisonOutcome
    pack_id: str
    threshold: float
    score: float | None = None
    frames_agreeing: int = 0
    captured_at: datetime | None = None
    liveness: float | None = None
    shortcoming: str = ""
