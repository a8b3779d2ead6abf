"""Trackers behind one face: ours, and those of the libraries `trackers` and `norfair`.

The libraries are no requirement of the project; where one is absent its trackers are left out.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from matcher.face import Face
from streamer.pipeline import longest_gap_s
from streamer.recognition import FAINT
from streamer.tracking.tracker import Tracker, TrackerLimits

CLEAR = 0.5
"""The faintest face that begins a track of ours, and that counts in the figures."""


class AnyTracker(Protocol):
    """One camera's tracker."""

    def update(self, faces: Sequence[Face], at: float) -> Sequence[int | None]:
        """The track of each face, None without one."""
        ...


class Ours:
    """The service's own, given the faces the service is given."""

    def __init__(self, fps: float) -> None:
        self._tracker = Tracker("measured", TrackerLimits(max_gap_s=longest_gap_s(fps)))

    def update(self, faces: Sequence[Face], at: float) -> Sequence[int | None]:
        seen = [face for face in faces if face.score >= FAINT]
        ids = {id(one.face): one.track_id for one in self._tracker.update(seen, at)}
        return [ids.get(id(face)) for face in faces]


class _Library:
    """One of `trackers`: all faces, faint ones too, and times instead of a fixed rate."""

    def __init__(self, inner: object) -> None:
        self._inner = inner

    def update(self, faces: Sequence[Face], at: float) -> Sequence[int | None]:
        import supervision  # type: ignore[import-not-found,unused-ignore]

        boxes = np.array([face.bbox for face in faces], np.float32).reshape(-1, 4)
        found = supervision.Detections(
            xyxy=boxes,
            confidence=np.array([face.score for face in faces], np.float32),
            class_id=np.zeros(len(faces), int),
            data={"index": np.arange(len(faces))},
        )
        result = self._inner.update(found, timestamp=at)  # type: ignore[attr-defined]
        ids: list[int | None] = [None] * len(faces)
        if len(result):
            for index, track in zip(result.data["index"], result.tracker_id, strict=True):
                ids[int(index)] = int(track) if track >= 0 else None
        return ids


class _Norfair:
    """Norfair: centres and distances in face widths, as ours."""

    def __init__(self, fps: float) -> None:
        import norfair  # type: ignore[import-not-found,unused-ignore]

        self._norfair = norfair
        self._inner = norfair.Tracker(
            distance_function=self._distance,
            distance_threshold=1.25,
            hit_counter_max=max(3, round(fps)),
            initialization_delay=0,
        )

    @staticmethod
    def _distance(detection: object, track: object) -> float:
        seen, expected = detection.points, track.estimate  # type: ignore[attr-defined]
        width = expected[1, 0] - expected[0, 0]
        return float(np.linalg.norm(seen.mean(axis=0) - expected.mean(axis=0)) / max(width, 1.0))

    def update(self, faces: Sequence[Face], at: float) -> Sequence[int | None]:
        made = [
            self._norfair.Detection(np.array(face.bbox).reshape(2, 2), data=index)
            for index, face in enumerate(faces)
            if face.score >= CLEAR
        ]
        ids: list[int | None] = [None] * len(faces)
        known = {id(one): one.data for one in made}
        for track in self._inner.update(made):
            index = known.get(id(track.last_detection))
            if index is not None:
                ids[index] = track.id
        return ids


def contenders() -> dict[str, Callable[[float], AnyTracker]]:
    """What can be measured here: a maker of a tracker for so many frames a second, by name."""
    found: dict[str, Callable[[float], AnyTracker]] = {"Kirdi": Ours}
    try:
        import trackers  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        pass
    else:
        found["ByteTrack, as it comes"] = lambda fps: _Library(
            trackers.ByteTrackTracker(frame_rate=fps)
        )
        # Faces are small for their steps: overlap that may be negative, no wait for a second frame.
        found["ByteTrack, tuned"] = lambda fps: _Library(
            trackers.ByteTrackTracker(
                frame_rate=fps,
                track_activation_threshold=CLEAR,
                high_conf_det_threshold=CLEAR,
                minimum_consecutive_frames=1,
                minimum_iou_threshold=-0.6,
                iou=trackers.DIoU(),
            )
        )
        found["OC-SORT"] = lambda fps: _Library(trackers.OCSORTTracker(frame_rate=fps))
        found["C-BIoU"] = lambda fps: _Library(trackers.CBIoUTracker(frame_rate=fps))
    try:
        import norfair  # type: ignore[import-not-found,unused-ignore]

        del norfair
    except ImportError:
        pass
    else:
        found["Norfair"] = _Norfair
    return found
