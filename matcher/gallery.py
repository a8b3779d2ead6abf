"""The templates of the people who may be recognised now, and the search among them."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from matcher.errors import MatcherError
from matcher.face import Embedding, Match, Vector

_CHUNK = 64
"""Probes searched at once: bounds the memory of the distance matrix."""


class Gallery:
    """One template per owner; immutable, so a search never sees half a refresh."""

    def __init__(self, pack_id: str, templates: Iterable[tuple[str, Embedding]] = ()) -> None:
        """Collect the templates.

        Args:
            pack_id: The pack all of them come from.
            templates: Opaque owner ids with their fused embedding.

        Raises:
            MatcherError: An owner comes twice, a template is of another pack or length, or holds
                values that are no numbers.
        """
        owners: list[str] = []
        rows: list[Vector] = []
        for owner, embedding in templates:
            owners.append(owner)
            rows.append(_checked(embedding, pack_id))
        if len(set(owners)) < len(owners):
            raise MatcherError("an owner has two templates; fuse them into one")
        if len({row.shape for row in rows}) > 1:
            raise MatcherError("templates differ in length")
        self._pack_id = pack_id
        self._owners = tuple(owners)
        matrix = np.stack(rows) if rows else np.zeros((0, 0), np.float32)
        self._matrix: Vector = np.ascontiguousarray(matrix, dtype=np.float32)
        self._matrix.setflags(write=False)
        # Wider once here and not in every search.
        self._columns = np.ascontiguousarray(self._matrix.T, dtype=np.float64)
        self._squares = np.sum(self._columns**2, axis=0)

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
        """The nearest owner per probe with its margin to the runner-up; None if nobody is here.

        Raises:
            MatcherError: A probe is of another pack or length, or not finite.
        """
        matches: list[Match | None] = []
        for start in range(0, len(probes), _CHUNK):
            matches.extend(self._search(probes[start : start + _CHUNK]))
        return matches

    def _search(self, probes: Sequence[Embedding]) -> list[Match | None]:
        rows = self._rows(probes)
        if not self._owners:
            return [None] * len(probes)
        # |a - b|² = |a|² - 2ab + |b|² picks the two nearest; |b|² is the same for all.
        rough = self._squares - 2.0 * (rows @ self._columns)
        count = min(2, len(self._owners))
        nearest = np.argpartition(rough, count - 1, axis=1)[:, :count]
        # The difference of large numbers loses digits: the distances come from the vectors.
        exact = np.linalg.norm(self._matrix[nearest] - rows[:, None, :], axis=2)
        return [self._match(nearest[i], exact[i]) for i in range(len(probes))]

    def _match(self, nearest: npt.NDArray[np.intp], distances: npt.NDArray[np.float64]) -> Match:
        order = np.lexsort((nearest, distances))
        best = float(distances[order[0]])
        margin = float(distances[order[1]]) - best if len(order) > 1 else float("inf")
        return Match(self._owners[int(nearest[order[0]])], best, margin)

    def _rows(self, probes: Sequence[Embedding]) -> npt.NDArray[np.float64]:
        rows = [_checked(probe, self._pack_id) for probe in probes]
        if self._owners and any(row.shape != self._matrix.shape[1:] for row in rows):
            raise MatcherError("a probe differs in length from the templates")
        return np.array(rows, np.float64)


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
