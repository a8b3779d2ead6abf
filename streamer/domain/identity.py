"""Who a track is, with the figures that say so."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Band(StrEnum):
    """What a score is good for. Below both there is no identity: the track is unknown."""

    ACCEPT = "accept"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patient whom a track may show; the higher the score, the more alike."""

    patient_id: UUID
    score: float


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a track shows, as far as the faces say.

    Attributes:
        patient_id: The likeliest.
        score: Normalised similarity of the fused probe; higher is more alike.
        threshold: The score that had to be reached to be accepted, at this gallery's size.
        margin: Score by which the runner-up lost; infinite without one.
        frames_agreeing: Frames whose own nearest template was this patient's.
        pack_id: The model pack that produced both vectors.
        band: `accept` only where nobody else comes into question.
        candidates: Everybody who comes into question, the likeliest first; two are a case for a
            person whatever their scores.
        liveness: Mean over the track's shots of how surely they show a living face and no picture
            of one, 0 to 1; None = not asked.
    """

    track_id: int
    camera_id: str
    patient_id: UUID
    score: float
    threshold: float
    margin: float
    frames_agreeing: int
    pack_id: str
    band: Band
    candidates: tuple[Candidate, ...]
    liveness: float | None = None
