"""Joins the faces of successive frames into tracks. Pure: fed by the pipeline, knows no clock.

Each track foretells where its face should be (`motion`), and all pairs of tracks and faces are
matched at once by how likely they are (linear sum assignment; see Bewley et al., "Simple online and
realtime tracking", 2016). Overlap of boxes says nothing here: at five frames a second a walking
person's box seldom overlaps its last one. Faint faces, too faint to begin a track, continue those
that no clear face continues (Zhang et al., "ByteTrack", 2022): people half behind others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from matcher.face import Face
from streamer.domain.track import Track
from streamer.tracking.motion import Motion, Place, expectations, place_of

_FORBIDDEN = 1e6
# Steps of a head have heavier tails than a Gaussian: Student's t with so many degrees of freedom.
_TAIL = 4.0


@dataclass(frozen=True, slots=True)
class TrackerLimits:
    """When two faces may be one person's.

    Attributes:
        max_surprise: Largest squared Mahalanobis distance of a face from where it should be; 99 %
            of a chi-squared distribution with three degrees of freedom lie below 11.3.
        near: A face so near to where it should be, or to where it last was, is never a surprise:
            who stood still may turn the head. In face widths.
        max_growth: Largest ratio of widths for that.
        max_gap_s: A track not seen for longer has ended.
        min_score: Fainter faces begin no track.
    """

    max_surprise: float = 11.3
    near: float = 0.6
    max_growth: float = 1.5
    max_gap_s: float = 1.0
    min_score: float = 0.5


@dataclass(slots=True)
class _Live:
    """A track in progress; with its motion the only mutable thing here."""

    track_id: int
    motion: Motion
    faces_seen: int
    first_seen: float


class Tracker:
    """The tracks of one camera."""

    def __init__(self, camera_id: str, limits: TrackerLimits | None = None) -> None:
        """Start without tracks."""
        self._camera_id = camera_id
        self._limits = limits or TrackerLimits()
        self.max_gap_s = self._limits.max_gap_s
        self._live: list[_Live] = []
        self._next_id = 0

    def update(self, faces: Sequence[Face], at: float) -> tuple[Track, ...]:
        """Take in one frame's faces.

        Args:
            faces: All faces of the frame, in any order.
            at: When the frame arrived, monotonic seconds; must not go backwards.

        Returns:
            One track per face, in the order of `faces`; none for a faint face that continues none.
        """
        self._live = [one for one in self._live if at - one.motion.at <= self.max_gap_s]
        places = [place_of(face) for face in faces]
        clear = [i for i, face in enumerate(faces) if face.score >= self._limits.min_score]
        faint = [i for i, face in enumerate(faces) if face.score < self._limits.min_score]
        owner = self._assign(self._live, places, clear, at)
        taken = {one.track_id for one in owner.values()}
        unseen = [one for one in self._live if one.track_id not in taken]
        owner |= self._assign(unseen, places, faint, at)
        for index in clear:
            if index not in owner:
                owner[index] = self._begin(places[index], at)
        return tuple(
            Track(
                owner[index].track_id,
                self._camera_id,
                face,
                owner[index].faces_seen,
                owner[index].first_seen,
                at,
            )
            for index, face in enumerate(faces)
            if index in owner
        )

    def split(self, track: Track) -> Track:
        """Go on under a new number: somebody else has taken this track's place.

        Args:
            track: As the last update returned it.
        """
        live = self._of(track)
        live.track_id, live.faces_seen, live.first_seen = self._next_id, 1, track.last_seen
        self._next_id += 1
        return replace(track, track_id=live.track_id, faces_seen=1, first_seen=track.last_seen)

    def resume(self, track: Track, ended: int) -> Track:
        """Go on under the number of a track that has ended: the same person is back.

        Args:
            track: As the last update returned it.
            ended: Not among `live_ids`.
        """
        self._of(track).track_id = ended
        return replace(track, track_id=ended)

    def forget(self) -> None:
        """End every track."""
        self._live.clear()

    @property
    def live_ids(self) -> frozenset[int]:
        """Tracks that have not ended as of the last update."""
        return frozenset(one.track_id for one in self._live)

    def _of(self, track: Track) -> _Live:
        (live,) = (one for one in self._live if one.track_id == track.track_id)
        return live

    def _begin(self, place: Place, at: float) -> _Live:
        live = _Live(self._next_id, Motion(place, at), 1, at)
        self._next_id += 1
        self._live.append(live)
        return live

    def _assign(
        self, lives: Sequence[_Live], places: Sequence[Place], indices: Sequence[int], at: float
    ) -> dict[int, _Live]:
        """Which of these faces continues which of these tracks; those take it in."""
        if not lives or not indices:
            return {}
        seen = np.array([places[index] for index in indices])
        cost = self._cost([one.motion for one in lives], seen, at)
        owner = {}
        rows, columns = linear_sum_assignment(cost)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            if cost[row, column] < _FORBIDDEN:
                live, index = lives[row], indices[column]
                live.motion.see(places[index], at)
                live.faces_seen += 1
                owner[index] = live
        return owner

    def _cost(self, motions: Sequence[Motion], seen: Place, at: float) -> Place:
        """Minus the logarithm of each sighting's likelihood for each track, but for constants.

        Args:
            motions: Of m tracks.
            seen: (n, 3), a place per face.
            at: The moment of all of them.

        Returns:
            (m, n).
        """
        expected, variance = expectations(motions, at)
        last = np.array([one.place for one in motions])
        off, moved = seen - expected[:, None], seen - last[:, None]
        surprise = np.sum(off**2 / variance[:, None], axis=2)
        shift = np.minimum(
            np.hypot(off[..., 0], off[..., 1]), np.hypot(moved[..., 0], moved[..., 1])
        )
        near = shift <= self._limits.near * np.exp(last[:, None, 2])
        near &= np.abs(moved[..., 2]) <= np.log(self._limits.max_growth)
        cost = (_TAIL + 3) * np.log1p(surprise / _TAIL) + np.log(variance).sum(axis=1)[:, None]
        return np.where((surprise <= self._limits.max_surprise) | near, cost, _FORBIDDEN)
