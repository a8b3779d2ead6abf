import math

import numpy as np
import numpy.typing as npt
import pytest

from matcher.cohort import LOCAL, Cohort
from matcher.errors import MatcherError
from matcher.face import Embedding, Vector
from matcher.gallery import Gallery

PACK = "test-1"


def vectors(*rows: tuple[float, ...]) -> Vector:
    return np.array(rows, np.float32)


def embedding(*values: float) -> Embedding:
    return Embedding(np.array(values, np.float32), PACK)


def test_only_the_nearest_strangers_count() -> None:
    cohort = Cohort(PACK, vectors((0, 0), (3, 0), (12, 0)), nearest=2, local=1.0)
    known = cohort.scores(vectors((1, 0), (0, 4)))
    # From (1, 0) the two nearest lie 1 and 2 away, from (0, 4) 4 and 5.
    assert known.mean == pytest.approx([-1.5, -4.5], abs=1e-5)
    assert known.deviation == pytest.approx([0.5, 0.5], abs=1e-5)


def test_as_norm_by_hand() -> None:
    cohort = Cohort(PACK, vectors((0, 0), (3, 0), (12, 0)), nearest=2, local=1.0)
    gallery = Gallery(PACK, [("a", embedding(1, 0)), ("b", embedding(0, 4))], cohort)
    (match,) = gallery.search([embedding(2, 0)])
    assert match is not None
    # a: s = -1; probe 1 and 2 away: mean -1.5, deviation 0.5, so (-1 + 1.5) / 0.5 = 1, twice.
    assert (match.owner, match.runner_up, match.distance) == ("a", "b", 1.0)
    assert match.score == pytest.approx(1.0, abs=1e-4)
    # b: s = -sqrt(20); half of (s + 1.5) / 0.5 + (s + 4.5) / 0.5.
    assert match.margin == pytest.approx(1.0 - (6.0 - 2.0 * math.sqrt(20)), abs=1e-4)


@pytest.mark.parametrize("local", [0.0, 0.6, 1.0])
def test_a_mean_is_drawn_towards_the_strangers_own(local: float) -> None:
    cohort = Cohort(PACK, vectors((0, 0), (3, 0), (12, 0)), nearest=2, local=local)
    # Their two nearest lie 3 and 12, 3 and 9, 9 and 12 away: themselves don't count.
    usual = -(7.5 + 6.0 + 10.5) / 3
    known = cohort.scores(vectors((1, 0), (0, 4)))
    expected = [usual + local * (own - usual) for own in (-1.5, -4.5)]
    assert known.mean == pytest.approx(expected, abs=1e-5)
    assert known.deviation == pytest.approx([0.5, 0.5], abs=1e-5)


def test_the_strangers_own_mean_is_taken_in_chunks() -> None:
    crowd = np.random.default_rng(5).normal(0, 0.1, (2500, 4)).astype(np.float32)
    apart = np.linalg.norm(crowd[:, None].astype(np.float64) - crowd, axis=2)
    nearest = np.sort(apart, axis=1)[:, 1:8]
    known = Cohort(PACK, crowd, nearest=7, local=0.0).scores(crowd[:3])
    assert known.mean == pytest.approx([-nearest.mean()] * 3, abs=1e-5)


def test_the_score_ranks_and_not_the_distance() -> None:
    # Everybody is near to the template in the crowd; the other one stands apart from strangers.
    crowd = np.random.default_rng(3).normal(0, 0.1, (50, 2)).astype(np.float32)
    cohort = Cohort(PACK, crowd, nearest=10)
    people = [("crowd", embedding(0, 0)), ("apart", embedding(2.2, 0))]
    probe = embedding(1.0, 0)
    (plain,) = Gallery(PACK, people).search([probe])
    (normed,) = Gallery(PACK, people, cohort).search([probe])
    assert plain is not None
    assert normed is not None
    assert (plain.owner, normed.owner) == ("crowd", "apart")
    assert normed.margin > 0


def test_agrees_with_the_formula_over_blocks_and_chunks() -> None:
    rng = np.random.default_rng(8)
    cohort = Cohort(PACK, rng.normal(0, 0.1, (90, 16)).astype(np.float32), nearest=20)
    rows = rng.normal(0, 0.1, (9000, 16)).astype(np.float32)
    probes = rng.normal(0, 0.1, (70, 16)).astype(np.float32)
    gallery = Gallery(PACK, [(str(i), Embedding(row, PACK)) for i, row in enumerate(rows)], cohort)
    found = gallery.search([Embedding(row, PACK) for row in probes])
    known, own = cohort.scores(rows), cohort.scores(probes)
    for index, match in enumerate(found):
        raw = -np.linalg.norm(rows.astype(np.float64) - probes[index], axis=1)
        scores = (raw - known.mean) / known.deviation
        scores += (raw - own.mean[index]) / own.deviation[index]
        best, second = np.argsort(-scores)[:2]
        assert match is not None
        assert (match.owner, match.runner_up) == (str(best), str(second))
        assert match.distance == pytest.approx(-raw[best], abs=1e-9)
        assert match.score == pytest.approx(scores[best] / 2, abs=1e-4)
        assert match.margin == pytest.approx((scores[best] - scores[second]) / 2, abs=1e-4)


def test_a_drawn_cohort_is_always_the_same_and_has_its_figures() -> None:
    mean, covariance = np.array([1.0, -2.0]), np.array([[0.5, 0.2], [0.2, 0.3]])
    one, other = (Cohort.draw(PACK, mean, covariance) for _ in range(2))
    probe = vectors((0.3, 0.1))
    assert one.scores(probe).mean == other.scores(probe).mean
    # All members count when as many as there are may: the distances of a known Gaussian, and of
    # what sets two vectors apart the part that is kept.
    everyone = Cohort.draw(PACK, mean, covariance, members=4000, nearest=4000)
    far = everyone.scores(vectors((1000.0, -2.0), (3000.0, -2.0)))
    assert far.mean[0] - far.mean[1] == pytest.approx(LOCAL * 2000, abs=0.05)
    assert far.deviation[:1] == pytest.approx([math.sqrt(0.5)], abs=0.03)


def test_a_drawn_cohort_of_unit_vectors_lies_on_the_sphere() -> None:
    cohort = Cohort.draw(PACK, np.zeros(3), np.eye(3), unit_norm=True)
    known = cohort.scores(vectors((0.0, 0.0, 0.0)))
    assert known.deviation == pytest.approx([1e-6])


def test_equal_strangers_are_no_reason_to_divide_by_nothing() -> None:
    cohort = Cohort(PACK, vectors((1, 0), (1, 0)))
    assert np.isfinite(cohort.scores(vectors((0, 0))).mean).all()
    (match,) = Gallery(PACK, [("a", embedding(0, 0))], cohort).search([embedding(1, 1)])
    assert match is not None
    assert math.isfinite(match.score)


@pytest.mark.parametrize(
    ("mean", "covariance"),
    [
        (np.zeros(2), np.eye(3)),
        (np.zeros(2), -np.eye(2)),
        (np.zeros(2), np.full((2, 2), np.nan)),
        (np.full(2, np.nan), np.eye(2)),
    ],
)
def test_figures_that_are_none_are_refused(
    mean: npt.NDArray[np.float64], covariance: npt.NDArray[np.float64]
) -> None:
    with pytest.raises(MatcherError):
        Cohort.draw(PACK, mean, covariance)


def test_a_cohort_that_does_not_fit_is_refused() -> None:
    cohort = Cohort("other-1", vectors((0, 0), (1, 1)))
    with pytest.raises(MatcherError, match="other-1"):
        Gallery(PACK, [], cohort)
    with pytest.raises(MatcherError, match="length"):
        Gallery("other-1", [("a", Embedding(vectors((1, 2, 3))[0], "other-1"))], cohort)
    with pytest.raises(MatcherError, match="two vectors"):
        Cohort(PACK, vectors((0, 0)))
    with pytest.raises(MatcherError, match="between 0 and 1"):
        Cohort(PACK, vectors((0, 0), (1, 1)), local=1.5)
