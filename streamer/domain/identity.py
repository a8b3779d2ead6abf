"""Who a track is, with the figures that say so."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Identity:
    """An accepted identity of a track.

    Attributes:
        score: 1 minus the fused distance; higher is more alike.
        threshold: The score that had to be reached.
        margin: Distance by which the runner-up lost; infinite without one.
        frames_agreeing: Frames whose own nearest template was this patient's.
        pack_id: The model pack that produced both vectors.
    """

    track_id: int
    camera_id: str
    patient_id: UUID
    score: float
    threshold: float
    margin: float
    frames_agreeing: int
    pack_id: str
