"""How wrong a measured rate may be: exact upper bounds for few errors."""

from scipy.stats import beta


def upper_bound(errors: int, trials: int, confidence: float = 0.95) -> float:
    """The one-sided upper bound of an error rate (Clopper and Pearson, 1934).

    No error in 300 independent trials says: below 1 %, with 95 % confidence.

    Args:
        errors: How many were seen.
        trials: Out of how many; independent of each other.
        confidence: Of the bound.
    """
    if errors >= trials:
        return 1.0
    return float(beta.ppf(confidence, errors + 1, trials - errors))
