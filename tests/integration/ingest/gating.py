"""What the motion gate costs and saves: the same recording analysed with and without it.

Run as `python -m tests.integration.ingest.gating FILE...` it prints a line a recording.
"""

import asyncio
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np

from matcher.face import Face
from matcher.matcher import Matcher
from matcher.packs.store import open_pack
from matcher.session import Hardware
from streamer.ingest.attention import Attention
from streamer.ingest.luma import BLOCKS, LumaSampler
from streamer.ingest.pacer import Pacer
from streamer.ingest.rgb_converter import RgbConverter
from streamer.tracking.tracker import Tracker

_FPS = 5.0
_HOLD_S = 3.5
"""Three seconds and what the supervisor adds."""
_DETECTOR_S = 0.1
"""A hold reaches the decoder so much after its frame."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """A recording as it was analysed.

    Attributes:
        due: Frames that were due.
        frames: Those that were analysed: time in the recording, seconds, and faces.
    """

    due: int
    frames: tuple[tuple[float, Sequence[Face]], ...]

    @property
    def skipped(self) -> float:
        """Share of the due frames that the detector never saw."""
        return 1.0 - len(self.frames) / self.due


@dataclass(frozen=True, slots=True)
class Track:
    """Where and when a face was followed."""

    sightings: tuple[tuple[float, float, float, float], ...]
    """Time, centre x, centre y and width of each."""

    def meets(self, other: "Track") -> bool:
        """Whether both are of one person: the same face in one frame."""
        return not {one[:3] for one in self.sightings}.isdisjoint(
            one[:3] for one in other.sightings
        )


async def analyse(
    path: Path,
    matcher: Matcher,
    gate: Attention | None = None,
    known: Analysis | None = None,
) -> Analysis:
    """Put a recording's due frames through the detector: all, or those the gate lets through.

    A face holds the gate open as the pipeline does it, a moment after its frame.

    Args:
        path: The recording.
        matcher: Finds the faces.
        gate: Decides which frames; None = all.
        known: An analysis of all frames, to save the detector doing it again.
    """
    faces_at = {} if known is None else dict(known.frames)
    pacer, luma, rgb = Pacer(_FPS), LumaSampler(BLOCKS), RgbConverter()
    due, found, hold_at = 0, [], math.inf
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if not pacer.take(frame.time):
                continue
            due += 1
            if gate is not None:
                if frame.time >= hold_at:
                    gate.hold(hold_at + _HOLD_S)
                block_px = frame.width * frame.height / (BLOCKS[0] * BLOCKS[1])
                wanted = gate.follows(frame.time) or gate.wants(
                    luma.sample(frame), block_px, frame.time
                )
                if not wanted:
                    continue
            faces = faces_at.get(frame.time)
            if faces is None:
                image = np.asarray(rgb.convert(frame).to_ndarray(), np.uint8)
                faces = await matcher.detect(image)
            found.append((frame.time, faces))
            if faces:
                hold_at = frame.time + _DETECTOR_S
    return Analysis(due, tuple(found))


def tracks(analysis: Analysis, least_faces: int = 1) -> list[Track]:
    """The tracks that have at least so many faces."""
    tracker = Tracker("recording")
    found: dict[int, list[tuple[float, float, float, float]]] = {}
    for at, faces in analysis.frames:
        for track in tracker.update(faces, at):
            x1, y1, x2, y2 = track.face.bbox
            sighting = (at, (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1)
            found.setdefault(track.track_id, []).append(sighting)
    return [Track(tuple(seen)) for seen in found.values() if len(seen) >= least_faces]


def lost(every: Analysis, gated: Analysis, least_faces: int = 1) -> list[Track]:
    """Tracks with at least so many faces of which the gated analysis sees nothing."""
    seen = tracks(gated)
    return [track for track in tracks(every, least_faces) if not any(map(track.meets, seen))]


async def _main(paths: Sequence[str]) -> None:
    with TemporaryDirectory() as folder:
        pack = await asyncio.to_thread(open_pack, Path(folder), "open")
        async with await Matcher.open(pack, Hardware("cpu", 1)) as matcher:
            for path in map(Path, paths):
                every = await analyse(path, matcher)
                gated = await analyse(path, matcher, Attention(), every)
                print(
                    f"{path.name}: {every.due} frames due, {gated.skipped:.1%} skipped; "
                    f"tracks {len(tracks(every))} -> {len(tracks(gated))}, "
                    f"{len(lost(every, gated))} lost "
                    f"({len(lost(every, gated, 3))} of three faces or more); frames with a face "
                    f"{_with_faces(every)} -> {_with_faces(gated)}"
                )


def _with_faces(analysis: Analysis) -> int:
    return sum(bool(faces) for _, faces in analysis.frames)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
