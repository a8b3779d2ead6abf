"""Upper bounds against values of the published tables."""

import pytest

from matcher.evaluation.bounds import upper_bound, upper_bound_of_share


@pytest.mark.parametrize(
    ("errors", "trials", "bound"),
    [
        # No error: 1 - 0.05 ** (1 / n); the "rule of three".
        (0, 1, 0.95),
        (0, 300, 0.009936),
        (0, 299, 0.009969),
        (1, 473, 0.009990),
        (1, 10, 0.394163),
        (5, 10, 0.777559),
        (9, 10, 0.994884),
        (10, 10, 1.0),
    ],
)
def test_upper_bounds(errors: int, trials: int, bound: float) -> None:
    assert upper_bound(errors, trials) == pytest.approx(bound, abs=5e-6)


def test_more_certainty_is_a_larger_bound() -> None:
    assert upper_bound(3, 100, 0.99) > upper_bound(3, 100) > 0.03


def test_a_shares_errors_are_rounded_up() -> None:
    assert upper_bound_of_share(0.0, 200) == upper_bound(0, 200)
    assert upper_bound_of_share(0.07, 100) == upper_bound(7, 100)
    assert upper_bound_of_share(0.0701, 100) == upper_bound(8, 100)
    assert upper_bound_of_share(1.0, 3) == 1.0
