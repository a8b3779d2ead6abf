"""Lets a tracker follow a scene or a recording, and counts how right it was."""

from collections.abc import Callable, Iterable

from tests.tracking.figures import TrackingFigures, tracking_figures
from tests.tracking.peers import CLEAR, AnyTracker
from tests.tracking.scene import Frame, crossing


def measure(frames: Iterable[Frame], tracker: AnyTracker) -> TrackingFigures:
    """All faces go in; those a detector is sure of are counted, so that all count the same ones."""
    told = []
    for frame in frames:
        ids = tracker.update([one.face for one in frame.sightings], frame.at)
        told.append(
            [
                (one.person, track)
                for one, track in zip(frame.sightings, ids, strict=True)
                if one.face.score >= CLEAR
            ]
        )
    return tracking_figures(told)


def measure_crossings(
    make: Callable[[float], AnyTracker], fps: float, seeds: Iterable[int]
) -> TrackingFigures:
    """The sum over generated crossings, a tracker for each."""
    return sum((measure(crossing(seed, fps), make(fps)) for seed in seeds), TrackingFigures())
