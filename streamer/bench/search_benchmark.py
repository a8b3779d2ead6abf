"""The gallery's search beside the bare matrix product, and faiss where there is one. Blocking."""

import importlib
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from matcher.cohort import Cohort
from matcher.face import Embedding, Vector
from matcher.gallery import Gallery
from streamer.bench.matcher_figures import MatcherFigures, matcher_figures
from streamer.bench.repetition import in_the_middle
from streamer.bench.taking_turns import taking_turns

PROBES: Final = 8
"""A track's best shots."""
_SPREAD: Final = 0.12
_COHORT: Final = 1000


def search_row(
    pack_id: str, dimension: int, templates: int, seconds: float, repeat: int
) -> MatcherFigures:
    """Search a gallery of that size for eight probes at once.

    The bare product is of the same probes and templates, float32, with nothing after it: no
    distance, no score, no best one. faiss's inner product finds the best two.

    Args:
        pack_id: Of the vectors, which are drawn at random.
        dimension: Their length.
        templates: How many.
        seconds: For one measurement.
        repeat: How many measurements make the row.
    """
    generator = np.random.default_rng(templates)

    def drawn(count: int) -> Vector:
        return generator.standard_normal((count, dimension), dtype=np.float32) * np.float32(_SPREAD)

    cohort = Cohort(pack_id, drawn(_COHORT))
    matrix = drawn(templates)
    gallery = Gallery(
        pack_id,
        ((str(i), Embedding(row, pack_id)) for i, row in enumerate(matrix)),
        cohort,
    )
    rows = drawn(PROBES)
    probes = [Embedding(row, pack_id) for row in rows]
    faiss = _faiss(matrix, rows)
    measured = [
        matcher_figures(
            "search",
            pack_id,
            templates,
            PROBES,
            taking_turns(lambda: gallery.search(probes), lambda: rows @ matrix.T, seconds, faiss),
            "" if faiss is not None else "faiss is not installed (pip install faiss-cpu)",
        )
        for _ in range(repeat)
    ]
    return in_the_middle(measured)


def _faiss(matrix: Vector, rows: Vector) -> Callable[[], object] | None:
    try:
        faiss: Any = importlib.import_module("faiss")
    except ImportError:
        return None
    index = faiss.IndexFlatIP(matrix.shape[1])
    index.add(matrix)
    return lambda: index.search(rows, 2)
