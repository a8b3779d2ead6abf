"""How wrong a measured rate may be: exact upper bounds for few errors."""

import math

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


def upper_bound_of_share(share: float, trials: int) -> float:
    """The upper 95 % bound where a share was seen on average, errors rounded up.

    Searches over several splits are of the same people again and again, and don't count as
    independent: `trials` is how many there are in one split, or how many different people.
    """
    return upper_bound(math.ceil(share * trials - 1e-9), trials)
