"""Strangers to compare with, who are nobody: the measure of how alike any two faces happen to be.

A distance of 0.35 says little of a face that everybody is near to, and much of one that stands
apart. Adaptive symmetric score normalisation (AS-norm; Karam et al., "Towards reduced false-alarms
using cohorts", 2011; Matejka et al., "Analysis of score normalization in multilingual speaker
recognition", 2017) therefore counts a raw score in deviations from what probe and template score
with the strangers nearest to each. Used by `gallery` and by calibration.

Compared are directions, vectors scaled to length 1, as is usual for faces. A length says less of
whose face it is than of the picture, and a mean of photos is the shorter the less they agree: its
distances would be smaller to everybody.

One thing is ours: mean and deviation are drawn towards those that strangers have themselves. Whose
face has many near neighbours among strangers is nearer to the next stranger too, but by less than
to those; taken whole, they correct too much (docs/accuracy.md).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.errors import MatcherError
from matcher.face import Vector

MEMBERS = 1000
"""Vectors drawn of a Gaussian."""
NEAREST = 100
"""How many of them, the nearest, a vector is compared with."""
LOCAL = 0.25
"""How much of what sets a vector's mean and deviation apart from strangers' own is kept."""

_SEED = 20170820
_CHUNK = 1024
"""Vectors compared with the cohort at once: bounds the memory."""
# Nearer together than this the nearest strangers say nothing about a deviation.
_LEAST_DEVIATION = 1e-6
# No face is so short; what is has no direction.
_LEAST_LENGTH = 1e-12

_Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CohortScores:
    """What vectors score with the strangers nearest to each; a score is minus the distance.

    Attributes:
        mean: float64 (n,), drawn towards what strangers have themselves; see `LOCAL`.
        deviation: float64 (n,), above 0, drawn likewise.
    """

    mean: _Matrix
    deviation: _Matrix


class Cohort:
    """A fixed set of strangers of one pack; immutable."""

    def __init__(
        self, pack_id: str, vectors: Vector, nearest: int = NEAREST, local: float = LOCAL
    ) -> None:
        """Keep the strangers.

        Args:
            pack_id: The pack whose space they lie in.
            vectors: float (n, d), n at least 2, of any length.
            nearest: How many of them a vector is compared with; all, if there are fewer.
            local: How much of what sets a vector's mean and deviation apart is kept, 0 to 1: with 1
                they are its own, with 0 everybody's are the same.

        Raises:
            MatcherError: Fewer than two strangers, values that are no numbers, or figures out of
                their range.
        """
        if vectors.ndim != 2 or len(vectors) < 2 or not np.isfinite(vectors).all():
            raise MatcherError("a cohort needs two vectors or more, of finite numbers")
        if nearest < 2:
            raise MatcherError("a deviation needs the two nearest of a cohort or more")
        if not 0 <= local <= 1:
            raise MatcherError("the part of mean and deviation that is kept lies between 0 and 1")
        self.pack_id = pack_id
        self._local = local
        self._nearest = min(nearest, len(vectors))
        members = directions(vectors)
        # Distances do not change when both sides are moved; about 0, products lose fewer digits.
        self._origin = members.mean(axis=0, dtype=np.float64)
        self._vectors: Vector = np.asarray(members - self._origin, np.float32)
        self._squares = np.einsum("ij,ij->i", self._vectors, self._vectors)
        self._usual_mean, self._usual_deviation = self._usual()

    @classmethod
    def draw(
        cls,
        pack_id: str,
        mean: _Matrix,
        covariance: _Matrix,
        *,
        members: int = MEMBERS,
        nearest: int = NEAREST,
    ) -> "Cohort":
        """Draw strangers of a Gaussian, always the same ones for the same figures.

        Args:
            pack_id: The pack whose space it lies in.
            mean: float (d,), of strangers' embeddings.
            covariance: float (d, d), of the same.
            members: How many to draw.
            nearest: See the constructor.

        Raises:
            MatcherError: The figures are no mean and covariance.
        """
        if covariance.shape != (len(mean), len(mean)) or not np.isfinite(covariance).all():
            raise MatcherError("mean and covariance of a cohort do not fit each other")
        try:
            # A covariance may lack full rank, and is kept in single precision, which makes some of
            # its least values negative; the lift is above those and far below any real spread.
            lift = 1e-6 * np.trace(covariance) * np.eye(len(mean)) / len(mean)
            factor = np.linalg.cholesky(covariance + lift)
        except np.linalg.LinAlgError as error:
            raise MatcherError("the covariance of a cohort is not positive") from error
        # The old generator on purpose: its numbers are promised to stay, the new one's are not.
        normal = np.random.RandomState(_SEED).standard_normal((members, len(mean)))
        vectors = mean + normal @ factor.T
        return cls(pack_id, vectors.astype(np.float32), nearest)

    def scores(self, vectors: Vector) -> CohortScores:
        """Mean and deviation of each vector's scores with the strangers nearest to it.

        Both are drawn towards the strangers' own (`LOCAL`), the deviation by its logarithm.

        Args:
            vectors: float (n, d), of any length.

        Raises:
            MatcherError: They differ in length from the cohort's.
        """
        if vectors.ndim != 2 or vectors.shape[1] != self._vectors.shape[1]:
            raise MatcherError("vectors differ in length from the cohort's")
        mean, deviation = np.empty(len(vectors)), np.empty(len(vectors))
        for start in range(0, len(vectors), _CHUNK):
            part = slice(start, start + _CHUNK)
            near = self._nearest_distances(vectors[part])
            mean[part] = -near.mean(axis=1, dtype=np.float64)
            deviation[part] = near.std(axis=1, dtype=np.float64)
        mean = self._usual_mean + self._local * (mean - self._usual_mean)
        deviation = np.maximum(deviation, _LEAST_DEVIATION) ** self._local
        return CohortScores(mean, deviation * self._usual_deviation ** (1 - self._local))

    def _nearest_distances(self, vectors: Vector) -> Vector:
        rows = np.asarray(directions(vectors) - self._origin, np.float32)
        squares = self._squares - 2.0 * (rows @ self._vectors.T)
        return _least(squares, self._nearest, np.einsum("ij,ij->i", rows, rows))

    def _usual(self) -> tuple[float, float]:
        """Mean and deviation of strangers' scores with those nearest to each, themselves left out.

        Averaged over the strangers.
        """
        nearest = min(self._nearest, len(self._vectors) - 1)
        means, deviations = [], []
        for start in range(0, len(self._vectors), _CHUNK):
            part = slice(start, start + _CHUNK)
            squares = self._squares - 2.0 * (self._vectors[part] @ self._vectors.T)
            rows = np.arange(len(squares))
            squares[rows, rows + start] = np.inf
            near = _least(squares, nearest, self._squares[part])
            means.append(near.mean(axis=1))
            deviations.append(near.std(axis=1))
        mean = -float(np.concatenate(means).mean(dtype=np.float64))
        deviation = float(np.concatenate(deviations).mean(dtype=np.float64))
        return mean, max(deviation, _LEAST_DEVIATION)


def directions(vectors: Vector) -> Vector:
    """Scale vectors to length 1, float32 (n, d); one without any length stays as it is."""
    return np.asarray(vectors * scales(vectors)[:, None], np.float32)


def scales(vectors: Vector) -> Vector:
    """What scales each vector to length 1, float32 (n,)."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    return np.asarray(1.0 / np.maximum(lengths, _LEAST_LENGTH), np.float32)


def _least(squares: Vector, count: int, own: Vector) -> Vector:
    """The least distances of each row, of squared ones that lack the rows' own squares."""
    near = np.partition(squares, count - 1, axis=1)[:, :count]
    near += own[:, None]
    return np.asarray(np.sqrt(np.maximum(near, 0.0)), np.float32)
