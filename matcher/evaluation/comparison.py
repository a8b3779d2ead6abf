"""Two systems beside each other on the same splits: what their medians cannot tell apart."""

from dataclasses import dataclass

from matcher.evaluation.rate import Rate


@dataclass(frozen=True, slots=True)
class Comparison:
    """In how many splits one system missed fewer, as many, or more people than another.

    The same people were enrolled and searched for in each split. Splits share people, so their
    number is no number of independent trials.

    Attributes:
        system: Its name.
        beside: The other's.
        fpir: Each split's threshold lets this share of its strangers through, for each of the two.
        better: Splits in which the first missed fewer.
        equal: In which both missed as many.
        worse: In which the first missed more.
    """

    system: str
    beside: str
    fpir: float
    better: int
    equal: int
    worse: int


def compare(system: str, rate: Rate, beside: str, other: Rate) -> Comparison:
    """Compare two rates, split by split.

    Args:
        system: Whose `rate` it is.
        rate: At a share of strangers.
        beside: Whose `other` it is.
        other: At the same share, on the same splits.

    Raises:
        ValueError: They are not of the same splits.
    """
    if rate.fpir != other.fpir or rate.all_searches != other.all_searches:
        raise ValueError("rates of different tests cannot be compared")
    pairs = list(zip(rate.split_misses, other.split_misses, strict=True))
    better = sum(ours < theirs for ours, theirs in pairs)
    equal = sum(ours == theirs for ours, theirs in pairs)
    return Comparison(system, beside, rate.fpir, better, equal, len(pairs) - better - equal)
