"""A pack's own scale: which distances and scores mean what. Voting and enrolment go by it."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from matcher.packs.models import FileName

_Distance = Annotated[float, Field(gt=0, le=4, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class ScoreScale:
    """Euclidean distances between vectors (of length 1 where the pack says so), and figures files.

    Attributes:
        max_distance: A fused probe nearer to a template is its owner, where nothing is calibrated.
        min_margin: To the runner-up, likewise.
        frame_distance: One frame's face farther from a template doesn't count for its owner.
        other_person_distance: A face so far from its track's mean is somebody else's.
        same_person_distance: Photos of one enrolment farther apart show different people.
        cohort: File with mean and covariance of strangers' vectors; None = scores are distances.
        tail: File with the fitted tail of impostor scores; None = thresholds aren't known.
        measured_on: What these figures rest on; says so where nobody measured.
    """

    max_distance: _Distance
    min_margin: Annotated[float, Field(ge=0, le=4, allow_inf_nan=False)]
    frame_distance: _Distance
    other_person_distance: _Distance
    same_person_distance: _Distance
    cohort: FileName | None
    tail: FileName | None
    measured_on: str
