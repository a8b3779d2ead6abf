"""Who can be recognised in a clip: without enrolled people there is no check-in to time.

The clip is looked at once with the service's own matcher, gate and tracker. Each person with enough
usable faces gets a template made of those, so that the service recognises them when the clip is
played to it. This says nothing about accuracy, and is not meant to: people are recognised from the
very recording they were enrolled from. Templates are kept in the benchmark's throwaway database.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np

from config.settings import Settings
from matcher.alignment import CHIP_POINTS, CHIP_PX
from matcher.face import Embedding, Face, Image, Quality, Vector, fuse
from matcher.matcher import Matcher
from matcher.session import Shape
from streamer.bench.figures import Clip
from streamer.recognition import face_gate
from streamer.simulator.video_file import VideoFile
from streamer.tracking.tracker import Tracker

# Enough of a clip to meet the people in it.
_LOOKED_AT_S: Final = 30.0
_NOT_ALIKE: Final = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """The people of a clip.

    Attributes:
        templates: One per person, any two of them farther apart than one person's faces are.
        strangers: Vectors of nobody, as long as the templates, for patients who do not come.
        detector_shapes: The input shapes the detector had with this clip.
    """

    templates: tuple[Vector, ...]
    strangers: tuple[Vector, ...]
    detector_shapes: tuple[Shape, ...]


def look_into(path: Path) -> Clip:
    """Size and rate of a clip; blocking.

    Raises:
        InputError: It is no video, or none that a camera can play.
    """
    fps = VideoFile.open(path).fps
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        return Clip(str(path), context.width, context.height, fps)


def stride_of(clip: Clip, analyse_fps: float) -> int:
    """One in so many frames of the clip is analysed."""
    return max(1, round(clip.fps / analyse_fps))


async def find_cast(
    clip: Clip, settings: Settings, analyse_fps: float, matcher: Matcher, strangers: int
) -> Cast:
    """Look at the clip's beginning."""
    before = matcher.runs[0]
    gate = face_gate(settings.quality)
    tracker = Tracker("bench")
    seen: dict[int, list[Embedding]] = {}
    stride = stride_of(clip, analyse_fps)
    with av.open(clip.path) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index > _LOOKED_AT_S * clip.fps:
                break
            if index % stride:
                continue
            image = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
            faces = await matcher.detect(image)
            tracks = tracker.update(faces, index / clip.fps)
            usable = [track for track in tracks if gate(track.face) is None]
            embeddings = await matcher.embed(image, [track.face for track in usable])
            for track, embedding in zip(usable, embeddings, strict=True):
                seen.setdefault(track.track_id, []).append(embedding)
    enough = settings.match.min_agreeing_frames
    people = [fuse(faces).vector for faces in seen.values() if len(faces) >= enough]
    shapes = tuple(shape for shape, n in matcher.runs[0].items() if n > before.get(shape, 0))
    return Cast(_different(people), await _strangers(matcher, strangers), shapes)


def _different(people: list[Vector]) -> tuple[Vector, ...]:
    """One template per person: somebody seen twice would be nobody's nearest by a margin."""
    kept: list[Vector] = []
    for one in people:
        if all(float(np.linalg.norm(one - other)) > _NOT_ALIKE for other in kept):
            kept.append(one)
    return tuple(kept)


async def _strangers(matcher: Matcher, count: int) -> tuple[Vector, ...]:
    black: Image = np.zeros((CHIP_PX, CHIP_PX, 3), np.uint8)
    face = Face((0, 0, CHIP_PX, CHIP_PX), CHIP_POINTS, 1.0, Quality(CHIP_PX, 0.0, 0.0))
    (model,) = await matcher.embed(black, [face])
    drawn = np.random.default_rng(2).normal(size=(count, len(model.vector)))
    drawn *= 1.4 / np.linalg.norm(drawn, axis=1, keepdims=True)
    return tuple(drawn.astype(np.float32))
