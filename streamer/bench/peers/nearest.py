"""The usual rule of a loop over single faces: the nearest person, if near enough."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

TOLERANCE = 0.6
"""`face_recognition`'s default, which loops are written with."""

_Row = npt.NDArray[np.float64]


class Nearest:
    """Everybody's vectors, one of each photo."""

    def __init__(self, people: Mapping[str, Sequence[_Row]]) -> None:
        """Collect them."""
        self._names = [name for name, rows in people.items() for _ in rows]
        self._known = np.array([row for rows in people.values() for row in rows], np.float64)

    def name(self, vector: _Row) -> str | None:
        """Who it is, or None."""
        if not self._names:
            return None
        distances = np.linalg.norm(self._known - vector, axis=1)
        nearest = int(distances.argmin())
        return self._names[nearest] if distances[nearest] <= TOLERANCE else None
