"""Several measurements of the same, told as one row: one draw of a noisy figure says little."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from streamer.bench.figures import PipelineFigures
from streamer.bench.ingest_figures import IngestFigures
from streamer.bench.matcher_figures import MatcherFigures

_Row = TypeVar("_Row", PipelineFigures, IngestFigures, MatcherFigures)


def in_the_middle(rows: Sequence[_Row]) -> _Row:
    """The row with the median ratio (nearest rank), which is told the range of all ratios.

    Args:
        rows: At least one; with an even number the lower of the two in the middle is taken.
    """
    ordered = sorted(rows, key=lambda row: row.ratio)
    return replace(
        ordered[math.ceil(len(ordered) / 2) - 1],
        ratio_least=ordered[0].ratio,
        ratio_most=ordered[-1].ratio,
        measurements=len(ordered),
    )
