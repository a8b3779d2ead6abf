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


def unit(rows: Vector) -> npt.NDArray[np.float64]:
    wide = rows.astype(np.float64)
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True))


HALF, ROOT = math.sqrt(0.5), math.sqrt(2)
# Right, up and left; lengths do not count.
THREE = vectors((1, 0), (0, 2), (-3, 0))


def test_only_the_nearest_strangers_count() -> None:
    known = Cohort(PACK, THREE, nearest=2, local=1.0).scores(vectors((5, 0), (-1, 1)))
    # The two nearest: nothing and a quarter of a turn away; an eighth of one each.
    assert known.mean == pytest.approx([-HALF, -2 * math.sin(math.pi / 8)], abs=1e-5)
    assert known.deviation == pytest.approx([HALF, 0], abs=1e-5)


def test_as_norm_by_hand() -> None:
    cohort = Cohort(PACK, THREE, nearest=2, local=1.0)
    gallery = Gallery(PACK, [("a", embedding(2, 0)), ("b", embedding(0, 4))], cohort)
    (match,) = gallery.search([embedding(0.5, 0)])
    assert match is not None
    # a: s = 0; probe and a have mean -HALF and deviation HALF, so HALF / HALF = 1, twice.
    assert (match.owner, match.runner_up, match.distance) == ("a", "b", 1.5)
    assert match.score == pytest.approx(1.0, abs=1e-4)
    # b has the same mean and deviation; s = -ROOT, so (-ROOT + HALF) / HALF = -1, twice.
    assert match.margin == pytest.approx(2.0, abs=1e-4)


@pytest.mark.parametrize("local", [0.0, 0.6, 1.0])
def test_mean_and_deviation_are_drawn_towards_the_strangers_own(local: float) -> None:
    # Their two others lie ROOT and 2, ROOT and ROOT, ROOT and 2 away.
    usual_mean = -((ROOT + 2) / 2 + ROOT + (ROOT + 2) / 2) / 3
    usual_deviation = ((2 - ROOT) / 2 + 0 + (2 - ROOT) / 2) / 3
    known = Cohort(PACK, THREE, nearest=2, local=local).scores(vectors((1, 0)))
    expected = usual_mean + local * (-HALF - usual_mean)
    assert known.mean == pytest.approx([expected], abs=1e-5)
    expected = usual_deviation ** (1 - local) * HALF**local
    assert known.deviation == pytest.approx([expected], abs=1e-5)


def test_the_strangers_own_figures_are_taken_in_chunks() -> None:
    crowd = np.random.default_rng(5).normal(0, 0.1, (2500, 4)).astype(np.float32)
    apart = np.linalg.norm(unit(crowd)[:, None] - unit(crowd), axis=2)
    nearest = np.sort(apart, axis=1)[:, 1:8]
    known = Cohort(PACK, crowd, nearest=7, local=0.0).scores(crowd[:3])
    assert known.mean == pytest.approx([-nearest.mean()] * 3, abs=1e-4)
    assert known.deviation == pytest.approx([nearest.std(axis=1).mean()] * 3, abs=1e-4)


def test_what_has_no_direction_has_a_score() -> None:
    (match,) = Gallery(PACK, [("a", embedding(0, 0))], Cohort(PACK, THREE)).search(
        [embedding(0, 0)]
    )
    assert match is not None
    assert math.isfinite(match.score)


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
        apart = np.linalg.norm(rows.astype(np.float64) - probes[index], axis=1)
        raw = -np.linalg.norm(unit(rows) - unit(probes[index : index + 1]), axis=1)
        scores = (raw - known.mean) / known.deviation
        scores += (raw - own.mean[index]) / own.deviation[index]
        best, second = np.argsort(-scores)[:2]
        assert match is not None
        assert (match.owner, match.runner_up) == (str(best), str(second))
        assert match.distance == pytest.approx(apart[best], abs=1e-9)
        assert match.score == pytest.approx(scores[best] / 2, abs=1e-4)
        assert match.margin == pytest.approx((scores[best] - scores[second]) / 2, abs=1e-4)


def test_a_drawn_cohort_is_always_the_same_and_has_its_figures() -> None:
    mean, covariance = np.array([3.0, -4.0]), np.diag([1e-4, 1e-4])
    one, other = (Cohort.draw(PACK, mean, covariance) for _ in range(2))
    probe = vectors((0.3, 0.1))
    assert one.scores(probe).mean == other.scores(probe).mean
    # Half a turn from all of them and a quarter: of what sets two vectors apart a part is kept.
    everyone = Cohort.draw(PACK, mean, covariance, members=4000, nearest=4000)
    far = everyone.scores(vectors((-3, 4), (4, 3)))
    assert far.mean[1] - far.mean[0] == pytest.approx(LOCAL * (2 - ROOT), abs=1e-4)
    # A quarter of the spread, a quarter of all deviations.
    less = Cohort.draw(PACK, mean, covariance / 16, members=4000, nearest=4000)
    assert everyone.scores(probe).deviation[0] == pytest.approx(
        4 * less.scores(probe).deviation[0], rel=1e-2
    )


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
