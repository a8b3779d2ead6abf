"""How alike one photo of an enrolment is to the others of the same person."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhotoAgreement:
    """A photo against the mean of the others: two figures, no vector.

    Attributes:
        distance: Euclidean.
        score: Normalised as a search's.
    """

    distance: float
    score: float

    def __post_init__(self) -> None:
        """Refuse what is no number."""
        if not (math.isfinite(self.distance) and math.isfinite(self.score)):
            raise ValueError("a photo's agreement is two finite numbers")
