"""Error rates over several splits: the median, the range, the mean, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median

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
        fnir_mean: Mean over the splits. The median moves by one person or not at all: where few are
            missed, two systems may differ and have the same.
        misses: In the median split, rounded up.
        searches: Mated searches of one split.
        fnir_upper: Upper 95 % bound for that many misses in one split. Splits share people:
            taking them all together would make too small a bound.
        split_misses: In each split, in order.
        all_misses: In all splits together.
        all_searches: Mated searches of all splits.
        people_missed: How many different people the misses of all splits are.
        strangers: Searches of strangers in the smallest split. With fewer than 1 / fpir the
            threshold lies above all of them.
    """

    fpir: float
    fnir: float
    fnir_least: float
    fnir_most: float
    fnir_mean: float
    misses: int
    searches: int
    fnir_upper: float
    split_misses: tuple[int, ...]
    all_misses: int
    all_searches: int
    people_missed: int
    strangers: int


def rate_at(outcomes: Sequence[Outcome], fpir: float) -> Rate:
    """One row of the table.

    Args:
        outcomes: One per split, at least one.
        fpir: Each split's threshold lets this share of its strangers through.
    """
    people = [one.missed(one.threshold(fpir)) for one in outcomes]
    missed = tuple(map(len, people))
    shares = [count / len(one.mated) for count, one in zip(missed, outcomes, strict=True)]
    searches = min(len(one.mated) for one in outcomes)
    typical = -int(-median(missed) // 1)
    return Rate(
        fpir=fpir,
        fnir=median(shares),
        fnir_least=min(shares),
        fnir_most=max(shares),
        fnir_mean=mean(shares),
        misses=typical,
        searches=searches,
        fnir_upper=upper_bound(typical, searches),
        split_misses=missed,
        all_misses=sum(missed),
        all_searches=sum(len(one.mated) for one in outcomes),
        people_missed=len({name for names in people for name in names}),
        strangers=min(len(one.strangers) for one in outcomes),
    )
