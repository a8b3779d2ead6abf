"""Which scores are good for what, in a gallery of so many people. Pure; voting asks."""

import math
from dataclasses import dataclass

from matcher.errors import MatcherError
from matcher.tail import Tail


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores for target rates of strangers taken for somebody (FPIR), by the gallery's size.

    A stranger is compared with everybody in the gallery. Were the comparisons independent, one of
    them would succeed with FPIR = 1 - (1 - FMR)^N. They are not quite: who is alike to one is
    alike to others, which makes for fewer strangers with a false match than that. So the formula
    errs on the safe side, and thresholds rise with the windows that are open.

    Attributes:
        tail: Of the scores strangers have.
        accept_fpir: Of strangers, this share may be accepted.
        review_fpir: Of strangers, this share may be put before a person; not below `accept_fpir`.
    """

    tail: Tail
    accept_fpir: float
    review_fpir: float

    def __post_init__(self) -> None:
        """Refuse rates that are none.

        Raises:
            MatcherError: A rate is not between 0 and 1, or they are the wrong way round.
        """
        if not 0 < self.accept_fpir <= self.review_fpir < 1:
            raise MatcherError(
                "target rates must lie between 0 and 1, the one for accepting not above the one "
                "for review"
            )

    def accept(self, gallery_size: int) -> float:
        """From this score on a match is accepted."""
        return score_for(self.tail, self.accept_fpir, gallery_size)

    def review(self, gallery_size: int) -> float:
        """From this score on a person should look; not above `accept`."""
        return score_for(self.tail, self.review_fpir, gallery_size)


def score_for(tail: Tail, fpir: float, gallery_size: int) -> float:
    """The score for one target rate.

    Args:
        tail: Of the scores strangers have.
        fpir: Above 0, below 1.
        gallery_size: An empty gallery counts as one of one.
    """
    return tail.score_at(-math.expm1(math.log1p(-fpir) / max(1, gallery_size)))


def fpir_at(tail: Tail, score: float, gallery_size: int) -> float:
    """The share of strangers expected at or above a score, in a gallery of so many."""
    rate = tail.rate_at(score)
    return 1.0 if rate >= 1 else -math.expm1(gallery_size * math.log1p(-rate))
