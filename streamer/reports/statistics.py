"""Exact binomial probabilities, and how many of many may stand out by chance. Pure."""

from collections.abc import Sequence

from scipy.special import betainc


def binomial_tail(successes: int, trials: int, probability: float) -> float:
    """Return the probability of so many successes or more: the exact one-sided binomial test.

    The tail of the binomial distribution is the regularised incomplete beta function, see
    Abramowitz and Stegun 26.5.24.

    Args:
        successes: 0 to `trials`.
        trials: 0 or more.
        probability: Of one success, 0 to 1.
    """
    if not 0 <= successes <= trials or not 0 <= probability <= 1:
        raise ValueError("successes, trials or probability out of range")
    if successes == 0:
        return 1.0
    return float(betainc(successes, trials - successes + 1, probability))


def false_discovery_rates(p_values: Sequence[float]) -> list[float]:
    """Return for each the false discovery rate at which it would stand out, in the given order.

    Benjamini and Hochberg, Controlling the false discovery rate, 1995, as adjusted p-values.
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [0.0] * len(p_values)
    least = 1.0
    for rank in range(len(order), 0, -1):
        place = order[rank - 1]
        least = min(least, p_values[place] * len(order) / rank)
        adjusted[place] = least
    return adjusted
