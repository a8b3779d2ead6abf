"""A recording of real people as frames whose faces are labelled by their embeddings.

Nobody has written down who is who in it. Short, certain pieces of tracks (no gap, little movement)
are put together where their mean embeddings agree and they are never seen at the same time. Pieces
too short or too faint have no label and count for nobody. The pieces come from our own motion
filter, narrowed so far that a piece ends at the first doubt: that leans a little towards it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import av
import numpy as np

from matcher.face import Embedding, Vector
from matcher.matcher import Matcher
from matcher.packs.store import open_pack
from matcher.session import Hardware
from streamer.tracking.tracker import Tracker, TrackerLimits
from tests.tracking.peers import CLEAR
from tests.tracking.scene import Frame, Sighting

_FAINTEST: Final = 0.2
_PIECE: Final = TrackerLimits(max_surprise=4.0, near=0.3, max_gap_s=0.1, min_score=_FAINTEST)
_SAME: Final = 0.36
_LEAST: Final = 2


@dataclass(slots=True)
class _Somebody:
    seen: set[float] = field(default_factory=set)
    vectors: list[Vector] = field(default_factory=list)
    faces: list[int] = field(default_factory=list)

    def distance(self, other: "_Somebody") -> float:
        if self.seen & other.seen or not self.vectors:
            return np.inf
        mean, theirs = np.mean(self.vectors, axis=0), np.mean(other.vectors, axis=0)
        return float(np.linalg.norm(mean - theirs))

    def add(self, other: "_Somebody") -> None:
        self.seen |= other.seen
        self.vectors += other.vectors
        self.faces += other.faces


def read_recording(clip: Path, models: Path) -> tuple[Frame, ...]:
    """Every frame of a clip with all its faces, embedded and labelled; blocking, minutes."""
    return _labelled(asyncio.run(_faces(clip, models)))


def every(frames: Sequence[Frame], stride: int) -> tuple[Frame, ...]:
    """What a camera at a lower rate would have sent."""
    return tuple(frames[::stride])


async def _faces(clip: Path, models: Path) -> list[Frame]:
    pack = await asyncio.to_thread(open_pack, models)
    frames = []
    async with await Matcher.open(pack, Hardware("cpu", 1), min_score=_FAINTEST) as matcher:
        with av.open(str(clip)) as container:
            for frame in container.decode(video=0):
                image = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
                faces = await matcher.detect(image)
                embeddings: Sequence[Embedding] = await matcher.embed(image, faces)
                sightings = tuple(
                    Sighting(face, None, embedding)
                    for face, embedding in zip(faces, embeddings, strict=True)
                )
                frames.append(Frame(float(frame.time or 0.0), sightings))
    return frames


def _labelled(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    people: list[_Somebody] = []
    for piece in sorted(_pieces(frames), key=lambda one: -len(one.faces)):
        if len(piece.vectors) < _LEAST:
            continue
        near = min(people, key=piece.distance, default=None)
        if near is None or piece.distance(near) >= _SAME:
            people.append(piece)
        else:
            near.add(piece)
    label = {face: number for number, one in enumerate(people) for face in one.faces}
    return tuple(
        replace(
            frame,
            sightings=tuple(
                replace(one, person=label.get(id(one.face))) for one in frame.sightings
            ),
        )
        for frame in frames
    )


def _pieces(frames: Sequence[Frame]) -> list[_Somebody]:
    tracker, pieces = Tracker("pieces", _PIECE), dict[int, _Somebody]()
    for frame in frames:
        embedded = {id(one.face): one.embedding for one in frame.sightings}
        for track in tracker.update([one.face for one in frame.sightings], frame.at):
            piece = pieces.setdefault(track.track_id, _Somebody())
            piece.seen.add(frame.at)
            piece.faces.append(id(track.face))
            embedding = embedded[id(track.face)]
            if embedding is not None and track.face.score >= CLEAR:
                piece.vectors.append(embedding.vector)
    return list(pieces.values())
