"""Who is followed in a picture, for those who look at its camera. In memory only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class TrackState(StrEnum):
    """What is known of somebody who is followed."""

    SEEN = "seen"
    """A face that was compared with nobody so far: too far away, or outside the lane."""
    UNKNOWN = "unknown"
    """Compared, and nobody of the gallery."""
    REVIEW = "review"
    """It may be a patient; a person decides."""
    RECOGNISED = "recognised"
    """A patient, who has not arrived for anything by that."""
    ARRIVED = "arrived"
    """A patient who has arrived."""


@dataclass(frozen=True, slots=True)
class FollowedFace:
    """One face of a picture.

    Attributes:
        track_id: Counts per camera.
        box: x1, y1, x2, y2 in fractions of the picture, all within it.
        patient_id: Who has arrived; None in every other state.
    """

    track_id: int
    box: tuple[float, float, float, float]
    state: TrackState
    patient_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class FollowedFrame:
    """One picture that the analysis has looked at.

    Attributes:
        captured_at: UTC, as `Frame.captured_at`.
    """

    captured_at: datetime
    faces: tuple[FollowedFace, ...]
