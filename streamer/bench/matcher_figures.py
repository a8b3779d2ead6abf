"""The figures `kirdi bench matcher` reports. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from streamer.bench.figures import percentile

Subject = Literal["detector", "embedder", "search", "cameras"]


@dataclass(frozen=True, slots=True)
class MatcherFigures:
    """One row of the benchmark.

    Attributes:
        subject: What was measured: one of the models, the search, or both models for cameras.
        pack: The model pack; a name that ends in `-int8` is its quantised form.
        size: Pictures or faces at once, templates in the gallery, or cameras.
        per_second: Pictures, faces, probes or frames a second.
        bare_per_second: The same, of the bare library on the same input.
        ratio: The first over the second; for cameras, CPU time of the bare library over ours.
        ratio_least: The least of all measurements of this row,
        ratio_most: and the most; the row is that of the measurement in the middle.
        measurements: How many there were.
        latency_p50_ms: Of one call; for cameras, from a picture to its faces' embeddings.
        latency_p95_ms: The same, nearest rank.
        cpu_ms: CPU time of one picture, face, probe or frame, milliseconds.
        faiss_per_second: faiss `IndexFlatIP` on the same vectors; None where it isn't installed.
        note: Accuracy of a quantised model, or what else is to be known.
    """

    subject: Subject
    pack: str
    size: int
    per_second: float
    bare_per_second: float
    ratio: float
    ratio_least: float
    ratio_most: float
    measurements: int
    latency_p50_ms: float
    latency_p95_ms: float
    cpu_ms: float
    faiss_per_second: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Timings:
    """Calls of ours and of the bare library, taking turns, in seconds.

    Attributes:
        ours: Wall time of each call.
        bare: The same of the bare library.
        cpu_s: CPU time of all of ours.
        other: Wall time of a third contender, if any.
    """

    ours: Sequence[float]
    bare: Sequence[float]
    cpu_s: float
    other: Sequence[float] = ()


def matcher_figures(
    subject: Subject, pack: str, size: int, items: int, timings: Timings, note: str = ""
) -> MatcherFigures:
    """Make a row of what was measured.

    Medians, since whatever else the machine does now and then makes single calls slow.

    Args:
        subject: What was measured.
        pack: With which model pack.
        size: Its place on the row.
        items: Pictures, faces or probes of one call.
        timings: Of at least one call each.
        note: What else is to be known.
    """
    ours, bare = statistics.median(timings.ours), statistics.median(timings.bare)
    median, high = (percentile(timings.ours, share) for share in (0.5, 0.95))
    assert median is not None
    assert high is not None
    other = statistics.median(timings.other) if timings.other else None
    return MatcherFigures(
        subject=subject,
        pack=pack,
        size=size,
        per_second=items / ours,
        bare_per_second=items / bare,
        ratio=bare / ours,
        ratio_least=bare / ours,
        ratio_most=bare / ours,
        measurements=1,
        latency_p50_ms=1000 * median,
        latency_p95_ms=1000 * high,
        cpu_ms=1000 * timings.cpu_s / len(timings.ours) / items,
        faiss_per_second=None if other is None else items / other,
        note=note,
    )
