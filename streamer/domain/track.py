"""A person followed through a camera's frames, nameless."""

from dataclasses import dataclass

from matcher.face import Face


@dataclass(frozen=True, slots=True)
class Track:
    """A track as of one frame.

    Attributes:
        track_id: Counts per camera; never reused while the service runs.
        face: The face seen in this frame.
        faces_seen: Frames in which it was seen, this one included.
        first_seen: Monotonic seconds.
        last_seen: Monotonic seconds.
    """

    track_id: int
    camera_id: str
    face: Face
    faces_seen: int
    first_seen: float
    last_seen: float
