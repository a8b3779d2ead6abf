"""The templates of the people who may be recognised now, and the search among them."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.cohort import Cohort, scales
from matcher.errors import MatcherError
from matcher.face import Embedding, Match, Vector

_CHUNK = 64
"""Probes searched at once: bounds the memory of the scores."""
_SCORES = 1 << 18
"""Scores worked on at once: a megabyte, which stays in the processor's cache."""

_Indices = npt.NDArray[np.intp]
_Scores = npt.NDArray[np.float64]


class Gallery:
    """One template per owner; immutable, so a search never sees half a refresh."""

    def __init__(
        self,
        pack_id: str,
        templates: Iterable[tuple[str, Embedding]] = (),
        cohort: Cohort | None = None,
    ) -> None:
        """Collect the templates.

        Args:
            pack_id: The pack all of them come from.
            templates: Opaque owner ids with their fused embedding.
            cohort: Normalises the scores, of directions then; without one a score is minus the
                distance.

        Raises:
            MatcherError: An owner comes twice, a template or the cohort is of another pack or
                length, or a template holds values that are no numbers.
        """
        if cohort is not None and cohort.pack_id != pack_id:
            raise MatcherError(f"a cohort of pack {cohort.pack_id} says nothing of {pack_id}")
        owners: list[str] = []
        rows: list[Vector] = []
        for owner, embedding in templates:
            owners.append(owner)
            rows.append(_checked(embedding, pack_id))
        if len({row.shape for row in rows}) > 1:
            raise MatcherError("templates differ in length")
        matrix = np.stack(rows) if rows else np.zeros((0, 0), np.float32)
        self._pack_id, self._cohort = pack_id, cohort
        self._take(owners, matrix, _side(cohort, matrix))

    def changed(self, left: Collection[str], entered: Iterable[tuple[str, Embedding]]) -> "Gallery":
        """Return a gallery without some owners and with others; this one stays as it is.

        What was worked out of the templates that stay, their scores with the cohort above all, is
        kept: a change costs what enters and one copy of the rows. The result is the same as that of
        a gallery made anew.

        Args:
            left: Owners who are out; unknown ones are passed over.
            entered: As in the constructor. Who is in `left` too gets another template.

        Raises:
            MatcherError: As the constructor.
        """
        new = Gallery(self._pack_id, entered, self._cohort)
        out = frozenset(left)
        stay = [i for i, owner in enumerate(self._owners) if owner not in out]
        if not stay:
            return new
        if new._owners and new._matrix.shape[1] != self._matrix.shape[1]:
            raise MatcherError("templates differ in length")
        joined = Gallery.__new__(Gallery)
        joined._pack_id, joined._cohort = self._pack_id, self._cohort
        matrix, *side = (
            np.concatenate([old[stay], fresh]) if new._owners else old[stay]
            for old, fresh in zip(
                (self._matrix, *self._side), (new._matrix, *new._side), strict=True
            )
        )
        owners = [*(self._owners[i] for i in stay), *new._owners]
        joined._take(owners, matrix, _Side(*side))
        return joined

    def _take(self, owners: Sequence[str], matrix: Vector, side: "_Side") -> None:
        if len(set(owners)) < len(owners):
            raise MatcherError("an owner has two templates; fuse them into one")
        self._owners = tuple(owners)
        self._matrix: Vector = np.ascontiguousarray(matrix, dtype=np.float32)
        self._matrix.setflags(write=False)
        self._side = side

    def __len__(self) -> int:
        return len(self._owners)

    @property
    def pack_id(self) -> str:
        """The pack the templates come from."""
        return self._pack_id

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose templates these are, in order of the rows."""
        return self._owners

    def search(self, probes: Sequence[Embedding]) -> list[Match | None]:
        """The best owner per probe with its margin to the runner-up; None if nobody is here.

        Raises:
            MatcherError: A probe is of another pack or length, or not finite.
        """
        matches: list[Match | None] = []
        for start in range(0, len(probes), _CHUNK):
            matches.extend(self._search(probes[start : start + _CHUNK]))
        return matches

    def scores(self, probes: Sequence[Embedding]) -> Vector:
        """Every probe's score with every template, float32 (probes, templates), for calibration.

        Raises:
            MatcherError: A probe is of another pack or length, or not finite; or nobody is here.
        """
        rows = self._rows(probes)
        if not self._owners or not len(rows):
            raise MatcherError("there is nothing to compare")
        return -self._costs(rows, _side(self._cohort, rows), slice(None))

    def _search(self, probes: Sequence[Embedding]) -> list[Match | None]:
        rows = self._rows(probes)
        if not self._owners:
            return [None] * len(probes)
        ours, theirs = _side(self._cohort, rows), self._side
        best = self._best_two(rows, ours)
        # A difference of squares loses digits: the two best are told apart by the vectors.
        near, probe = self._matrix[best].astype(np.float64), rows[:, None, :].astype(np.float64)
        distances = np.linalg.norm(near - probe, axis=2)
        near *= theirs.scale[best][..., None]
        probe *= ours.scale[:, None, None]
        scores = -np.linalg.norm(near - probe, axis=2)
        scores *= ours.weight[:, None] + theirs.weight[best]
        scores -= ours.shift[:, None] + theirs.shift[best]
        return [self._match(best[i], distances[i], scores[i]) for i in range(len(rows))]

    def _best_two(self, rows: Vector, ours: "_Side") -> _Indices:
        """Row numbers of the two highest scores per probe, (probes, 2); of one template (p, 1)."""
        block = max(1, _SCORES // len(rows))
        everyone = np.arange(len(rows))
        found: list[_Indices] = []
        values: list[Vector] = []
        for start in range(0, len(self._matrix), block):
            part = slice(start, start + block)
            cost = self._costs(rows, ours, part)
            for _ in range(min(2, cost.shape[1])):
                least = cost.argmin(axis=1)
                found.append(least + start)
                values.append(cost[everyone, least])
                cost[everyone, least] = np.inf
        order = np.argsort(np.stack(values, axis=1), axis=1, kind="stable")[:, :2]
        return np.take_along_axis(np.stack(found, axis=1), order, axis=1)

    def _costs(self, rows: Vector, ours: "_Side", part: slice) -> Vector:
        """Minus the scores with some of the templates, rough in the last digits."""
        # |a - b|² = |a|² - 2ab + |b|², in place: what is touched again is in the cache still.
        theirs = self._side
        scaled = np.asarray(rows * ours.scale[:, None], np.float32)
        cost = scaled @ self._matrix[part].T
        cost *= np.float32(-2.0) * theirs.scale[part]
        cost += theirs.squares[part]
        cost += ours.squares[:, None]
        np.maximum(cost, 0.0, out=cost)
        np.sqrt(cost, out=cost)
        cost *= ours.weight[:, None] + theirs.weight[part]
        cost += ours.shift[:, None] + theirs.shift[part]
        return cost

    def _match(self, best: _Indices, distances: _Scores, scores: _Scores) -> Match:
        order = np.lexsort((best, -scores))
        first = order[0]
        owner, distance, score = self._owners[best[first]], distances[first], scores[first]
        if len(order) == 1:
            return Match(owner, float(distance), float(score), float("inf"), None)
        second = order[1]
        margin = float(score - scores[second])
        return Match(owner, float(distance), float(score), margin, self._owners[best[second]])

    def _rows(self, probes: Sequence[Embedding]) -> Vector:
        rows = [_checked(probe, self._pack_id) for probe in probes]
        if self._owners and any(row.shape != self._matrix.shape[1:] for row in rows):
            raise MatcherError("a probe differs in length from the templates")
        return np.array(rows, np.float32)


class _Side(NamedTuple):
    """What probes or templates bring to a score, float32 (n,) each.

    Attributes:
        scale: Makes the vectors those that are compared.
        weight: Of minus the distance.
        shift: To be taken off.
        squares: Of the scaled vectors' lengths.
    """

    scale: Vector
    weight: Vector
    shift: Vector
    squares: Vector


def _side(cohort: Cohort | None, vectors: Vector) -> _Side:
    """One side's part of AS-norm.

    With s = -distance, half of (s - mean) / deviation of either side, added, is
    s * (both weights) - (both shifts). Without a cohort it is s itself, of the vectors as they are.
    """
    squares = np.einsum("ij,ij->i", vectors, vectors)
    if cohort is None or not len(vectors):
        alike = np.ones(len(vectors), np.float32)
        return _Side(alike, 0.5 * alike, 0.0 * alike, squares)
    known, scale = cohort.scores(vectors), scales(vectors)
    weight = 0.5 / known.deviation
    shift = (weight * known.mean).astype(np.float32)
    return _Side(scale, weight.astype(np.float32), shift, squares * scale * scale)


def _checked(embedding: Embedding, pack_id: str) -> Vector:
    if embedding.pack_id != pack_id:
        raise MatcherError(
            f"embeddings of pack {embedding.pack_id} and of {pack_id} cannot be compared; "
            "enrol again with the pack in use"
        )
    vector = embedding.vector
    if vector.ndim != 1 or not np.isfinite(vector).all():
        raise MatcherError("an embedding is no vector of finite numbers")
    return vector
