"""Tells those who look at a camera who is followed in its pictures. One for each camera."""

from collections.abc import Collection, Sequence
from typing import Final

from streamer.cameras.latest_tap import LatestTap
from streamer.domain.followed import FollowedFrame
from streamer.domain.frame import Frame
from streamer.domain.identity import Identity
from streamer.domain.track import Track
from streamer.tracking.followed import Standing, followed_frame

_MOST: Final = 64
"""Pages that show the boxes of one camera."""


class TrackTap(LatestTap[FollowedFrame]):
    """Belongs to the event loop. Nothing is made while nobody looks."""

    def __init__(self, standing: Standing = lambda _patient: None) -> None:
        """Begin with nobody.

        Args:
            standing: What became of whoever was recognised where the camera stands.
        """
        super().__init__(_MOST)
        self._standing = standing

    def show(
        self,
        frame: Frame,
        tracks: Sequence[Track],
        compared: Collection[int],
        identities: Sequence[Identity],
    ) -> None:
        """A picture has been looked at; see `followed_frame`. Never waits."""
        self.put(followed_frame(frame, tracks, compared, identities, self._standing))
