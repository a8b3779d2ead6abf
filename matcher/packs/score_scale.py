"""A pack's own scale: which distances mean what, and how scores are made of them.

Voting and enrolment go by it.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

_Distance = Annotated[float, Field(gt=0, le=4, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class ScoreScale:
    """Euclidean distances between vectors (of length 1 where the pack says so).

    Attributes:
        max_distance: A fused probe nearer to a template is its owner, where nothing is calibrated.
        min_margin: To the runner-up, likewise.
        frame_distance: One frame's face farther from a template doesn't count for its owner.
        other_person_distance: A face so far from its track's mean is somebody else's.
        same_person_distance: Photos of one enrolment farther apart show different people.
        measured_on: What these figures rest on; says so where nobody measured.
        normalisation: What makes scores of distances: AS-norm against the cohort of the pack's
            figures (`matcher.packs.calibrations`), which also give the thresholds. Where there are
            none, a score is minus the distance and the figures above are the thresholds.
    """

    max_distance: _Distance
    min_margin: Annotated[float, Field(ge=0, le=4, allow_inf_nan=False)]
    frame_distance: _Distance
    other_person_distance: _Distance
    same_person_distance: _Distance
    measured_on: str
    normalisation: Literal["as-norm"] = "as-norm"

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
