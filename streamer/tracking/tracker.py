"""Joins the faces of successive frames into tracks. Pure: fed by the pipeline, knows no clock.

Boxes are matched to where a track's constant velocity puts it, all pairs at once (linear sum
assignment; see Bewley et al., "Simple online and realtime tracking", 2016). At five frames a second
a walking person's box seldom overlaps its last one, so the cost is the distance of the centres in
face widths plus the change in size, not the overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from matcher.face import Face
from streamer.domain.track import Track


@dataclass(frozen=True, slots=True)
class TrackerLimits:
    """When two faces may be one person's.

    Attributes:
        max_shift: Largest distance between expected and seen centre, in face widths.
        max_growth: Largest ratio of widths from one frame to the next.
        max_gap_s: A track not seen for longer has ended.
    """

    max_shift: float = 1.25
    max_growth: float = 1.6
    max_gap_s: float = 1.0


@dataclass(slots=True)
class _Live:
    """A track in progress; the only mutable thing here."""

    track_id: int
    centre: npt.NDArray[np.float64]
    width: float
    velocity: npt.NDArray[np.float64]
    faces_seen: int
    first_seen: float
    last_seen: float

    def expected(self, at: float) -> npt.NDArray[np.float64]:
        """Centre at a moment, if it keeps its velocity."""
        return self.centre + self.velocity * (at - self.last_seen)

    def see(self, centre: npt.NDArray[np.float64], width: float, at: float) -> None:
        """Take in a new sighting; the velocity is smoothed, since boxes jitter."""
        elapsed = max(at - self.last_seen, 1e-3)
        self.velocity = 0.5 * self.velocity + 0.5 * (centre - self.centre) / elapsed
        self.centre, self.width, self.last_seen = centre, width, at
        self.faces_seen += 1


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
            One track per face, in the order of `faces`.
        """
        self._live = [one for one in self._live if at - one.last_seen <= self.max_gap_s]
        centres = [_centre(face) for face in faces]
        widths = [face.bbox[2] - face.bbox[0] for face in faces]
        owner = self._assign(centres, widths, at)
        tracks = []
        for index, face in enumerate(faces):
            live = owner.get(index)
            if live is None:
                live = self._begin(centres[index], widths[index], at)
            else:
                live.see(centres[index], widths[index], at)
            tracks.append(
                Track(
                    live.track_id,
                    self._camera_id,
                    face,
                    live.faces_seen,
                    live.first_seen,
                    live.last_seen,
                )
            )
        return tuple(tracks)

    def split(self, track: Track) -> Track:
        """Go on under a new number: somebody else has taken this track's place.

        Args:
            track: As the last update returned it.
        """
        (live,) = (one for one in self._live if one.track_id == track.track_id)
        live.track_id, live.faces_seen, live.first_seen = self._next_id, 1, track.last_seen
        self._next_id += 1
        return replace(track, track_id=live.track_id, faces_seen=1, first_seen=track.last_seen)

    def forget(self) -> None:
        """End every track."""
        self._live.clear()

    @property
    def live_ids(self) -> frozenset[int]:
        """Tracks that have not ended as of the last update."""
        return frozenset(one.track_id for one in self._live)

    def _begin(self, centre: npt.NDArray[np.float64], width: float, at: float) -> _Live:
        live = _Live(self._next_id, centre, width, np.zeros(2), 1, at, at)
        self._next_id += 1
        self._live.append(live)
        return live

    def _assign(
        self, centres: Sequence[npt.NDArray[np.float64]], widths: Sequence[float], at: float
    ) -> dict[int, _Live]:
        """Which face continues which live track."""
        if not self._live or not centres:
            return {}
        forbidden = 1e6
        cost = np.full((len(self._live), len(centres)), forbidden)
        for row, live in enumerate(self._live):
            expected = live.expected(at)
            for column, (centre, width) in enumerate(zip(centres, widths, strict=True)):
                growth = max(width, live.width) / max(min(width, live.width), 1.0)
                # Expected and last place both count: a person may stop between two frames.
                shift = min(
                    float(np.linalg.norm(centre - expected)),
                    float(np.linalg.norm(centre - live.centre)),
                ) / max(live.width, 1.0)
                if shift <= self._limits.max_shift and growth <= self._limits.max_growth:
                    cost[row, column] = shift + (growth - 1.0)
        rows, columns = linear_sum_assignment(cost)
        return {
            int(column): self._live[row]
            for row, column in zip(rows, columns, strict=True)
            if cost[row, column] < forbidden
        }


def _centre(face: Face) -> npt.NDArray[np.float64]:
    x1, y1, x2, y2 = face.bbox
    return np.array([(x1 + x2) / 2, (y1 + y2) / 2])
