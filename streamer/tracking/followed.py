"""What those who look at a camera are told of a picture's tracks. Pure; for `pipeline`."""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol
from uuid import UUID

from streamer.domain.followed import FollowedFace, FollowedFrame, TrackState
from streamer.domain.frame import Frame
from streamer.domain.identity import Band, Identity
from streamer.domain.track import Track

Standing = Callable[[UUID], TrackState | None]
"""What became of a patient who was recognised here; None = nothing so far."""


class Following(Protocol):
    """Those who look at who is followed. `cameras.TrackTap` has them."""

    @property
    def wanted(self) -> bool:
        """Whether anybody looks."""
        ...

    def show(
        self,
        frame: Frame,
        tracks: Sequence[Track],
        compared: Collection[int],
        identities: Sequence[Identity],
    ) -> None:
        """Tell them of a picture, as `followed_frame` does; it is not released yet."""
        ...


def followed_frame(
    frame: Frame,
    tracks: Sequence[Track],
    compared: Collection[int],
    identities: Sequence[Identity],
    standing: Standing,
) -> FollowedFrame:
    """Say where the picture's faces are, and what is known of each.

    Args:
        frame: The picture; not released yet.
        tracks: The faces in it.
        compared: Ids of the tracks that were compared with the gallery.
        identities: Those that were established in it.
        standing: Asked of each who was recognised.
    """
    height, width = frame.image.shape[:2]
    known = {one.track_id: one for one in identities}
    faces = []
    for track in tracks:
        state, patient = _of(known.get(track.track_id), track.track_id in compared, standing)
        x1, y1, x2, y2 = track.face.bbox
        box = (_share(x1, width), _share(y1, height), _share(x2, width), _share(y2, height))
        faces.append(FollowedFace(track.track_id, box, state, patient))
    return FollowedFrame(frame.captured_at, tuple(faces))


def _of(
    identity: Identity | None, compared: bool, standing: Standing
) -> tuple[TrackState, UUID | None]:
    if identity is None:
        return (TrackState.UNKNOWN if compared else TrackState.SEEN), None
    if identity.band is not Band.ACCEPT:
        return TrackState.REVIEW, None
    state = standing(identity.patient_id) or TrackState.RECOGNISED
    return state, identity.patient_id if state is TrackState.ARRIVED else None


def _share(value: float, whole: int) -> float:
    return round(min(max(value / whole, 0.0), 1.0), 4)
