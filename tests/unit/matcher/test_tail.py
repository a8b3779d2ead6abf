"""The tail of impostor scores and the thresholds made of it."""

import numpy as np
import pytest

from matcher.errors import MatcherError
from matcher.tail import RATE, Tail
from matcher.thresholds import Thresholds, fpir_at, score_for

EXPONENTIAL = np.random.RandomState(3).exponential(0.8, 200_000) - 1.0
TAIL = Tail(start=2.8, rate=0.02, scale=0.8, comparisons=88_000, people=400)


def test_a_tail_of_exponentials_is_found_again() -> None:
    tail = Tail.fit(EXPONENTIAL, 500)
    assert tail.rate == RATE
    assert tail.start == pytest.approx(-1.0 + 0.8 * np.log(1 / RATE), abs=0.05)
    assert tail.scale == pytest.approx(0.8, rel=0.05)
    # Far beyond what was fitted: other draws of the same law keep to it.
    others = np.random.RandomState(4).exponential(0.8, 2_000_000) - 1.0
    for rate in (1e-2, 1e-3, 1e-4):
        assert np.mean(others > tail.score_at(rate)) == pytest.approx(rate, rel=0.25)
        assert tail.rate_at(tail.score_at(rate)) == pytest.approx(rate)


@pytest.mark.parametrize(
    "scores",
    [np.zeros(4_999), np.zeros(10_000), np.append(np.zeros(10_000), np.nan)],
    ids=["few", "same", "no number"],
)
def test_what_makes_no_tail(scores: np.ndarray) -> None:
    with pytest.raises(MatcherError):
        Tail.fit(scores, 100)


def test_thresholds_rise_with_the_gallery_and_with_strictness() -> None:
    sizes = [1, 2, 50, 150, 300, 600, 1000, 100_000]
    for fpir in (0.0001, 0.001, 0.003):
        scores = [score_for(TAIL, fpir, size) for size in sizes]
        assert scores == sorted(scores)
        assert len(set(scores)) == len(scores)
    rates = [score_for(TAIL, fpir, 300) for fpir in (0.03, 0.01, 0.003, 0.001)]
    assert rates == sorted(rates)
    both = Thresholds(TAIL, 0.001, 0.01)
    assert all(both.review(size) < both.accept(size) for size in sizes)
    assert score_for(TAIL, 0.001, 0) == score_for(TAIL, 0.001, 1)


@pytest.mark.parametrize("size", [1, 50, 600])
def test_the_share_at_a_threshold_is_the_one_it_was_made_for(size: int) -> None:
    assert fpir_at(TAIL, score_for(TAIL, 0.003, size), size) == pytest.approx(0.003)


def test_rates_the_wrong_way_round() -> None:
    with pytest.raises(MatcherError):
        Thresholds(TAIL, 0.01, 0.001)
