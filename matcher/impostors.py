"""Templates of different people scored against each other: what a site knows of false accepts.

Used by a site's calibration. A mean of several photos stands on both sides, as in a search.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from matcher.cohort import Cohort, scales
from matcher.errors import MatcherError
from matcher.face import Embedding
from matcher.tail import LEAST_EXCEEDANCES, RATE, Tail

_CHUNK: Final = 256

_Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Impostors:
    """What comparing everybody with everybody else gave.

    Attributes:
        people: How many templates.
        pairs: How many comparisons, each pair once.
        highest: The highest scores of pairs, highest first: float64 (k,), those of the tail and one
            more; of millions of comparisons no others are kept.
        best: Of each template the score with whoever is most alike: float64 (people,).
    """

    people: int
    pairs: int
    highest: _Scores
    best: _Scores

    def tail(self) -> Tail | None:
        """The tail of the scores, as `Tail.fit` fits it; None where there are too few for one."""
        exceedances = len(self.highest) - 1
        if exceedances < LEAST_EXCEEDANCES:
            return None
        start = float(self.highest[-1])
        scale = float(np.mean(self.highest[:-1] - start))
        return Tail(start, exceedances / self.pairs, scale, self.pairs, self.people)


def compare_everybody(templates: Sequence[Embedding], cohort: Cohort | None) -> Impostors:
    """Score every template with every other one, as `Gallery` does.

    Args:
        templates: Of different people and one pack, two or more.
        cohort: Of the same pack; None = scores are minus the distance.

    Raises:
        MatcherError: Fewer than two, of different packs or lengths, or not finite.
    """
    if len(templates) < 2:
        raise MatcherError("two people or more are needed to compare")
    packs = {one.pack_id for one in templates} | ({cohort.pack_id} if cohort is not None else set())
    if len(packs) > 1 or len({one.vector.shape for one in templates}) > 1:
        raise MatcherError("templates of different packs or lengths cannot be compared")
    raw = np.stack([one.vector for one in templates])
    if not np.isfinite(raw).all():
        raise MatcherError("a template is no vector of finite numbers")
    vectors = raw.astype(np.float64)
    if cohort is not None:
        vectors *= scales(raw)[:, None]
    weight, shift = _normalisation(vectors, cohort)
    squares = np.einsum("ij,ij->i", vectors, vectors)
    pairs = len(vectors) * (len(vectors) - 1) // 2
    kept = int(pairs * RATE) + 1
    highest, best = np.empty(0), np.empty(len(vectors))
    for start in range(0, len(vectors), _CHUNK):
        part = slice(start, min(start + _CHUNK, len(vectors)))
        square = squares[part, None] - 2.0 * (vectors[part] @ vectors.T) + squares
        scores = -np.sqrt(np.maximum(square, 0.0)) * (weight[part, None] + weight)
        scores -= shift[part, None] + shift
        rows = np.arange(part.start, part.stop)
        scores[rows - start, rows] = -np.inf
        best[part] = scores.max(axis=1)
        once = scores[np.arange(len(vectors)) > rows[:, None]]
        highest = _highest(np.concatenate([highest, once]), kept)
    return Impostors(len(vectors), pairs, np.sort(highest)[::-1], best)


def _normalisation(vectors: _Scores, cohort: Cohort | None) -> tuple[_Scores, _Scores]:
    """Each template's part of AS-norm, as weight and shift of its scores."""
    if cohort is None:
        return np.full(len(vectors), 0.5), np.zeros(len(vectors))
    known = cohort.scores(vectors.astype(np.float32))
    weight = 0.5 / known.deviation
    return weight, weight * known.mean


def _highest(scores: _Scores, kept: int) -> _Scores:
    least = len(scores) - kept
    return scores if least <= 0 else np.partition(scores, least)[least:]
