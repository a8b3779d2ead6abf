"""Error rates over several splits: the median, the range, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from matcher.evaluation.bounds import upper_bound
from matcher.evaluation.outcome import Outcome

FPIRS = (0.001, 0.003, 0.01, 0.03)


@dataclass(frozen=True, slots=True)
class Rate:
    """How many right people are missed where a given share of strangers is let through.

    Attributes:
        fpir: The share, of strangers.
        fnir: Of the people searched for, the share missed: median over the splits.
        fnir_least: Of all splits.
        fnir_most: Of all splits.
        misses: In the median split, rounded up.
        searches: Mated searches of one split.
        fnir_upper: Upper 95 % bound for that many misses in one split. Splits share people:
            taking them all together would make too small a bound.
        strangers: Searches of strangers in the smallest split. With fewer than 1 / fpir the
            threshold lies above all of them.
    """

    fpir: float
    fnir: float
    fnir_least: float
    fnir_most: float
    misses: int
    searches: int
    fnir_upper: float
    strangers: int


def rate_at(outcomes: Sequence[Outcome], fpir: float) -> Rate:
    """One row of the table.

    Args:
        outcomes: One per split, at least one.
        fpir: Each split's threshold lets this share of its strangers through.
    """
    missed = [one.misses(one.threshold(fpir)) for one in outcomes]
    shares = [count / len(one.mated) for count, one in zip(missed, outcomes, strict=True)]
    searches = min(len(one.mated) for one in outcomes)
    typical = -int(-median(missed) // 1)
    return Rate(
        fpir=fpir,
        fnir=median(shares),
        fnir_least=min(shares),
        fnir_most=max(shares),
        misses=typical,
        searches=searches,
        fnir_upper=upper_bound(typical, searches),
        strangers=min(len(one.strangers) for one in outcomes),
    )
