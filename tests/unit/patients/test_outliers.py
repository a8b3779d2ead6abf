"""What stands out among an enrolment's photos goes; the majority decides, and two never do."""

import numpy as np
import pytest

from matcher.face import Embedding
from streamer.patients.outliers import Agreed, trim

PACK = "p"
# Three photos of one person as photos are: each some 0.4 from the mean of the other two.
NEAR = ((0.25, 0.0, 0.0), (0.0, 0.25, 0.0), (0.0, 0.0, 0.25))
FAR = (0.9, 0.9, 0.0)


def distance(one: Embedding, other: Embedding) -> float:
    return float(np.linalg.norm(one.vector - other.vector))


def trimmed(*places: tuple[float, ...]) -> Agreed:
    photos = [Embedding(np.array(place, np.float32), PACK) for place in places]
    return trim(photos, distance, same_person=0.6)


@pytest.mark.parametrize(
    ("places", "kept", "left_out", "apart"),
    [
        ([NEAR[0]], (0,), [], None),
        ([NEAR[0], NEAR[1]], (0, 1), [], None),
        ([NEAR[0], FAR], (0, 1), [], (0, 1)),
        (list(NEAR), (0, 1, 2), [], None),
        ([*NEAR, FAR], (0, 1, 2), [3], None),
        ([FAR, *NEAR], (1, 2, 3), [0], None),
        ([NEAR[0], FAR, NEAR[1]], (0, 2), [1], None),
        # Two of each: nobody knows whom they are meant to show. Of four, three must stay.
        ([NEAR[0], NEAR[1], FAR, (0.9, 0.9, 0.1)], (1, 2, 3), [0], (1, 3)),
        # Three strangers to one another.
        ([(0.0, 0.0, 0.0), (0.9, 0.0, 0.0), (0.0, 1.0, 0.0)], (0, 1), [2], (0, 1)),
        # One far off among photos that are very close to each other, though not another person's.
        ([(0.0, 0.0), (0.1, 0.0), (0.0, 0.1), (0.4, 0.35)], (0, 1, 2), [3], None),
        # As far off, where that is usual.
        ([(0.0, 0.0), (0.35, 0.0), (0.0, 0.35), (0.35, 0.35)], (0, 1, 2, 3), [], None),
        # Two bad photos of five.
        ([*NEAR, FAR, (0.0, -0.9, 0.9)], (0, 1, 2), [4, 3], None),
    ],
)
def test_trim(
    places: list[tuple[float, ...]],
    kept: tuple[int, ...],
    left_out: list[int],
    apart: tuple[int, int] | None,
) -> None:
    agreed = trimmed(*places)
    assert agreed.kept == kept
    assert [one.index for one in agreed.outliers] == left_out
    assert agreed.apart == apart


@pytest.mark.parametrize("seed", range(20))
def test_more_than_half_and_two_always_stay(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = int(random.integers(1, 9))
    photos = [Embedding(random.normal(0, 0.3, 4).astype(np.float32), PACK) for _ in range(count)]
    agreed = trim(photos, distance, same_person=0.6)
    assert len(agreed.kept) > count / 2
    assert len(agreed.kept) >= min(2, count)
    assert len(agreed.kept) + len(agreed.outliers) == count
    pairs = [distance(photos[i], photos[j]) for i in agreed.kept for j in agreed.kept]
    assert (agreed.apart is None) == (max(pairs) <= 0.6)


def test_it_says_how_far_off_a_photo_was() -> None:
    (outlier,) = trimmed(*NEAR, FAR).outliers
    assert outlier.distance == pytest.approx(np.linalg.norm(np.array(FAR) - 0.25 / 3), abs=1e-3)
    assert outlier.usual < 0.7 < outlier.distance
