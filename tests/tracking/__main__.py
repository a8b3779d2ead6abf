"""How well faces are followed, ours beside the trackers of libraries, where those are installed.

`python -m tests.tracking` measures generated crossings; with `--clip FILE` a recording as well, and
crossings of the real faces in it (and in further clips that show one person each: `--person FILE`).
"""

import argparse
import logging
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from matcher.face import Vector
from streamer.log import configure_logging
from tests.tracking.figures import TrackingFigures
from tests.tracking.following import dressed, follow
from tests.tracking.measuring import measure, measure_crossings
from tests.tracking.peers import contenders
from tests.tracking.recording import every, read_recording
from tests.tracking.scene import Frame, crossing

# Parameters were chosen on the seeds below 100.
_SEEDS = range(100, 140)
_RATES = (25.0, 15.0, 5.0)
_STRIDES = (1, 2, 5)
_LONG_S = (1.0, 4.0)
_PEOPLE = 6
_ENOUGH_FACES = 15


def _row(what: str, one: TrackingFigures) -> None:
    print(
        f"{what:44} IDF1 {one.idf1:.3f}  switches {one.switches:4}  breaks {one.breaks:4}  "
        f"mixed {one.mixed:3}  faces {one.faces}",
        flush=True,
    )


def _crossings() -> None:
    for fps in _RATES:
        for name, make in contenders().items():
            _row(f"crossings, {fps:g} fps: {name}", measure_crossings(make, fps, _SEEDS))


def _recording(frames: Sequence[Frame]) -> None:
    fps = (len(frames) - 1) / (frames[-1].at - frames[0].at)
    for stride in _STRIDES:
        seen = every(frames, stride)
        known = [
            Frame(one.at, tuple(face for face in one.sightings if face.person is not None))
            for one in seen
        ]
        for name, make in contenders().items():
            _row(f"recording, {fps / stride:g} fps: {name}", measure(known, make(fps / stride)))


def _reunions(faces: Sequence[Sequence[Vector]]) -> None:
    for hidden_s in ((0.2, 1.0), _LONG_S):
        for fps in (25.0, 5.0):
            for reunite in (False, True):
                total = TrackingFigures()
                for seed in _SEEDS:
                    scene = crossing(seed, fps, _PEOPLE, hidden_s=hidden_s)
                    total += follow(dressed(scene, faces, seed), fps, reunite)
                how = "taken up again" if reunite else "not"
                _row(f"hidden {hidden_s[0]:g}-{hidden_s[1]:g} s, {fps:g} fps: {how}", total)


def _faces_of(frames: Sequence[Frame]) -> list[list[Vector]]:
    found: defaultdict[int, list[Vector]] = defaultdict(list)
    for frame in frames:
        for one in frame.sightings:
            usable = one.face.score >= 0.6 and one.face.quality.width_px >= 40
            if one.person is not None and one.embedding is not None and usable:
                found[one.person].append(one.embedding.vector)
    return [vectors for vectors in found.values() if len(vectors) >= _ENOUGH_FACES]


def main() -> None:
    """Print a line per measurement."""
    parser = argparse.ArgumentParser(prog="python -m tests.tracking", description=__doc__)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--person", type=Path, action="append", default=[])
    given = parser.parse_args()
    configure_logging(level="warning")
    logging.disable(logging.WARNING)
    _crossings()
    if given.clip is None:
        return
    with TemporaryDirectory() as folder:
        frames = read_recording(given.clip, Path(folder))
        _recording(frames)
        faces = _faces_of(frames)
        for clip in given.person:
            alone = _faces_of(read_recording(clip, Path(folder)))
            faces += sorted(alone, key=len)[-1:]
    if len(faces) < _PEOPLE:
        sys.exit(f"tracking: {len(faces)} people with enough faces; give clips of {_PEOPLE}")
    _reunions(faces)


if __name__ == "__main__":
    main()
