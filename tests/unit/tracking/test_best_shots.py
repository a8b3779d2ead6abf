"""Which shots of a track are kept: the best, as far as they differ from one another."""

import numpy as np
import pytest

from matcher.face import Embedding
from streamer.tracking.evidence import Shot, TrackEvidence
from tests.fakes.matcher import PACK


def shot(place: float, worth: float, at: float = 0.0, liveness: float | None = None) -> Shot:
    """A face at a place on a line: the distance of two is how unlike they are."""
    return Shot(Embedding(np.array([place, 0.0], np.float32), PACK), at, worth, liveness)


def kept(capacity: int, *shots: Shot) -> list[tuple[float, float]]:
    evidence = TrackEvidence(capacity=capacity, other_person=9.0)
    for one in shots:
        evidence.take(one)
    return sorted((round(float(one.embedding.vector[0]), 3), one.worth) for one in evidence.shots)


@pytest.mark.parametrize(
    ("shots", "expected"),
    [
        # Equally unlike: the best.
        ([(0.0, 0.5), (0.2, 0.8), (0.4, 0.7), (0.6, 0.6)], [(0.2, 0.8), (0.4, 0.7), (0.6, 0.6)]),
        # Equally good: the most unlike.
        ([(0.0, 0.7), (0.1, 0.7), (0.4, 0.7), (0.8, 0.7)], [(0.1, 0.7), (0.4, 0.7), (0.8, 0.7)]),
        # Of two alike the better stays, whichever came first.
        ([(0.0, 0.7), (0.4, 0.7), (0.8, 0.5), (0.81, 0.6)], [(0.0, 0.7), (0.4, 0.7), (0.81, 0.6)]),
        ([(0.81, 0.6), (0.0, 0.7), (0.4, 0.7), (0.8, 0.5)], [(0.0, 0.7), (0.4, 0.7), (0.81, 0.6)]),
        # A smear is like nothing else; that alone keeps it no place among good shots.
        ([(0.0, 0.7), (0.1, 0.7), (0.2, 0.7), (0.45, 0.05)], [(0.0, 0.7), (0.1, 0.7), (0.2, 0.7)]),
    ],
    ids=["worth", "diversity", "alike, later", "alike, earlier", "a smear"],
)
def test_which_shots_stay(
    shots: list[tuple[float, float]], expected: list[tuple[float, float]]
) -> None:
    assert kept(3, *(shot(*one) for one in shots)) == expected


def test_a_single_place_goes_to_the_better_shot() -> None:
    assert kept(1, shot(0.0, 0.6), shot(0.3, 0.5)) == [(0.0, 0.6)]
    assert kept(1, shot(0.0, 0.5), shot(0.3, 0.6)) == [(0.3, 0.6)]


def test_liveness_is_the_mean_of_the_shots_that_have_one() -> None:
    evidence = TrackEvidence(capacity=3, other_person=9.0)
    evidence.take(shot(0.0, 0.5))
    assert evidence.liveness is None
    evidence.take(shot(0.2, 0.5, liveness=0.9))
    evidence.take(shot(0.4, 0.5, liveness=0.3))
    assert evidence.liveness == pytest.approx(0.6)
