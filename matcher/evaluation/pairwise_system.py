"""A system that fuses nothing: every photo of a probe beside every photo enrolled, nearest wins.

It is how programs around the `face_recognition` library decide (`compare_faces` on each face of
each frame, then the least `face_distance`).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from matcher.evaluation.protocol import PersonPhotos
from matcher.evaluation.system import Answer
from matcher.face import Vector

_NOBODY = Answer(None, float("-inf"))


class PairwiseSystem:
    """Scores are minus the Euclidean distance."""

    def __init__(self, name: str, people: Mapping[str, Mapping[int, Vector]]) -> None:
        """Keep the vectors, by person and number of the photo; photos without a face are absent."""
        self.name = name
        self._people = people

    def answers(
        self, templates: Sequence[PersonPhotos], probes: Sequence[PersonPhotos]
    ) -> list[Answer]:
        """See `System`."""
        owners: list[str] = []
        rows: list[Vector] = []
        for name, photos in templates:
            known = self._of(name, photos)
            owners += [name] * len(known)
            rows += known
        if not rows:
            return [_NOBODY] * len(probes)
        matrix = np.stack(rows)
        return [self._answer(owners, matrix, self._of(name, photos)) for name, photos in probes]

    def _answer(self, owners: Sequence[str], matrix: Vector, probe: Sequence[Vector]) -> Answer:
        if not probe:
            return _NOBODY
        distances = np.linalg.norm(matrix[None] - np.stack(probe)[:, None], axis=2).min(axis=0)
        nearest = int(distances.argmin())
        return Answer(owners[nearest], -float(distances[nearest]))

    def _of(self, name: str, photos: Sequence[int]) -> list[Vector]:
        known = self._people.get(name, {})
        return [known[photo] for photo in photos if photo in known]
