"""The figures `kirdi bench peers` reports. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class PeerFigures:
    """One row of the benchmark: one way to recognise people in recordings.

    Attributes:
        peer: Which.
        frames: How many frames it looked at.
        per_second: Frames a second, decoding included.
        kirdi_ratio: Kirdi's frames a second over these.
        cpu_ms: CPU time of a frame, milliseconds.
        visits: How many people come into the recordings who are enrolled.
        visits_found: How many of them were recognised.
        visits_false: People said to be in a recording in which they are not.
        note: What exactly was run.
    """

    peer: str
    frames: int
    per_second: float
    kirdi_ratio: float
    cpu_ms: float
    visits: int
    visits_found: int
    visits_false: int
    note: str


def beside_kirdi(rows: Sequence[PeerFigures]) -> list[PeerFigures]:
    """Tell each row Kirdi's ratio to it; Kirdi's own comes first."""
    return [replace(row, kirdi_ratio=rows[0].per_second / row.per_second) for row in rows]
