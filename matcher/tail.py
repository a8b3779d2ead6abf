"""How often strangers score high: the upper tail of impostor scores, fitted. See `thresholds`."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.errors import MatcherError

RATE = 0.02
"""The tail is what the highest of the scores make, this share of them."""
LEAST_EXCEEDANCES = 100
"""Fewer scores in the tail say too little of it."""

# Below one in so many observed exceedances a rate is extrapolated and not observed.
_OBSERVED = 10


@dataclass(frozen=True, slots=True)
class Tail:
    """An exponential tail: above `start`, rates fall by e with every `scale`.

    Excesses over a high threshold follow a generalised Pareto distribution (Pickands, 1975).
    Fitted freely, its shape comes out negative here: as if there were a highest score that no
    stranger can have. Measured on other people, thresholds from that let through three times what
    they promised; shape 0, the exponential, keeps its promise (docs/accuracy.md).

    Attributes:
        start: Score at which the tail begins.
        rate: Share of comparisons that score above `start`: their false match rate.
        scale: Mean excess over `start`, in score.
        comparisons: Scores it was fitted to; far more than there were independent ones.
        people: Strangers they came from.
    """

    start: float
    rate: float
    scale: float
    comparisons: int
    people: int

    def __post_init__(self) -> None:
        """Refuse what is no tail.

        Raises:
            MatcherError: A figure is not finite or out of its range.
        """
        if not (
            math.isfinite(self.start)
            and 0 < self.rate < 1
            and 0 < self.scale < math.inf
            and self.comparisons > 0
            and self.people > 0
        ):
            raise MatcherError("these figures make no tail of impostor scores; calibrate again")

    @classmethod
    def fit(cls, scores: npt.NDArray[np.float64], people: int) -> "Tail":
        """Fit the tail: the mean excess is the exponential's most likely scale.

        Args:
            scores: (n,), each a comparison of two different people.
            people: How many of them there were.

        Raises:
            MatcherError: There are too few scores, or they hold what is no number.
        """
        if len(scores) * RATE < LEAST_EXCEEDANCES:
            raise MatcherError(
                f"{len(scores)} comparisons of strangers say too little of the highest scores; "
                f"{math.ceil(LEAST_EXCEEDANCES / RATE)} are needed"
            )
        if not np.isfinite(scores).all():
            raise MatcherError("scores of strangers hold what is no number")
        start = float(np.quantile(scores, 1 - RATE))
        excesses = scores[scores > start] - start
        if not len(excesses):
            raise MatcherError("strangers' highest scores are all the same; these are no faces")
        return cls(start, RATE, float(excesses.mean()), len(scores), people)

    @property
    def observed_rate(self) -> float:
        """The lowest false match rate that the comparisons showed themselves."""
        return _OBSERVED / self.comparisons

    def score_at(self, rate: float) -> float:
        """The score that strangers exceed at this rate; never below the start of the tail.

        Args:
            rate: False match rate of one comparison, above 0.
        """
        return self.start + self.scale * max(0.0, math.log(self.rate / rate))

    def rate_at(self, score: float) -> float:
        """The rate at which strangers exceed a score; below the start of the tail at most 1."""
        return min(1.0, self.rate * math.exp((self.start - score) / self.scale))
