"""The figures `kirdi bench schedule` reports. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from streamer.bench.figures import percentile


@dataclass(frozen=True, slots=True)
class ScheduleFigures:
    """One row of the benchmark; times are milliseconds.

    Attributes:
        subject: What was measured; docs/benchmarks.md says what each is.
        patients: Of the site.
        appointments: Of each of two days.
        samples: How often it was measured.
        p50_ms: Wall time.
        p95_ms: The same, nearest rank,
        most_ms: and the longest.
        cpu_ms: CPU time of the service's process for one; None where others' work is in it.
        ratio: p95 over that of the row it is compared with; None where there is none.
        note: What else is to be known.
    """

    subject: str
    patients: int
    appointments: int
    samples: int
    p50_ms: float
    p95_ms: float
    most_ms: float
    cpu_ms: float | None = None
    ratio: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Spent:
    """What something took, again and again: seconds."""

    wall: Sequence[float]
    cpu: Sequence[float] = ()


def schedule_figures(
    subject: str,
    size: tuple[int, int],
    spent: Spent,
    note: str = "",
    beside: Spent | None = None,
) -> ScheduleFigures:
    """Make a row.

    Args:
        subject: What was measured.
        size: Patients, and appointments of a day.
        spent: At least one measurement.
        note: What else is to be known.
        beside: What it is compared with, measured in turns with it.
    """
    p50, p95 = percentile(spent.wall, 0.5), percentile(spent.wall, 0.95)
    other = percentile(beside.wall, 0.95) if beside is not None else None
    assert p50 is not None
    assert p95 is not None
    return ScheduleFigures(
        subject=subject,
        patients=size[0],
        appointments=size[1],
        samples=len(spent.wall),
        p50_ms=1000 * p50,
        p95_ms=1000 * p95,
        most_ms=1000 * max(spent.wall),
        cpu_ms=1000 * sum(spent.cpu) / len(spent.cpu) if spent.cpu else None,
        ratio=p95 / other if other else None,
        note=note,
    )
