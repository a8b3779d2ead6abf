"""Our tracker with what a track's embeddings add: splits where the person changed, and reunions."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from matcher.face import Embedding, Vector
from streamer.domain.track import Track
from streamer.pipeline import longest_gap_s
from streamer.recognition import FAINT
from streamer.tracking.evidence import Shot, TrackEvidence
from streamer.tracking.reunion import returned
from streamer.tracking.tracker import Tracker, TrackerLimits
from tests.tracking.figures import Pair, TrackingFigures, tracking_figures
from tests.tracking.peers import CLEAR
from tests.tracking.scene import Frame

_USABLE_PX = 48.0
_USABLE_SCORE = 0.6
_OTHER_PERSON = 0.44


def dressed(frames: Sequence[Frame], faces: Sequence[Sequence[Vector]], seed: int) -> list[Frame]:
    """Give each person of a generated scene the faces of a real one, in the order of time.

    Args:
        frames: The scene.
        faces: Of each real person, one after another as a camera saw them; as many people at least.
        seed: Of who plays whom.
    """
    part = np.random.default_rng(seed).permutation(len(faces))

    def worn(person: int | None, at: float) -> Embedding | None:
        if person is None:
            return None
        mine = faces[part[person]]
        return Embedding(mine[int(25 * at) % len(mine)], "real")

    return [
        replace(
            frame,
            sightings=tuple(
                replace(one, embedding=worn(one.person, frame.at)) for one in frame.sightings
            ),
        )
        for frame in frames
    ]


def follow(frames: Sequence[Frame], fps: float, reunite: bool) -> TrackingFigures:
    """The pipeline's steps with a track's best shots; only the reunions can be left out."""
    tracker = Tracker("measured", TrackerLimits(max_gap_s=longest_gap_s(fps)))
    evidence: dict[int, TrackEvidence] = {}
    told: list[list[Pair]] = []
    for frame in frames:
        embedded = {id(one.face): one.embedding for one in frame.sightings}
        faces = [one.face for one in frame.sightings if one.face.score >= FAINT]
        given = {}
        for track in tracker.update(faces, frame.at):
            embedding, seen = embedded[id(track.face)], track
            if embedding is not None and _usable(track):
                seen = _looked_at(tracker, evidence, track, embedding, reunite)
            given[id(track.face)] = seen.track_id
        told.append(
            [
                (one.person, given.get(id(one.face)))
                for one in frame.sightings
                if one.face.score >= CLEAR
            ]
        )
    return tracking_figures(told)


def _usable(track: Track) -> bool:
    return track.face.score >= _USABLE_SCORE and track.face.quality.width_px >= _USABLE_PX


def _looked_at(
    tracker: Tracker,
    evidence: dict[int, TrackEvidence],
    track: Track,
    embedding: Embedding,
    reunite: bool,
) -> Track:
    at, worth = track.last_seen, track.face.quality.figure
    mine = evidence.setdefault(track.track_id, TrackEvidence(8, _OTHER_PERSON))
    if not mine.wants(worth, at):
        return track
    if mine.take(Shot(embedding, at, worth)):
        track = tracker.split(track)
        mine = evidence[track.track_id] = mine.successor()
    if not reunite:
        return track
    live = tracker.live_ids
    before = returned(mine, {key: one for key, one in evidence.items() if key not in live})
    if before is None:
        return track
    del evidence[track.track_id]
    evidence[before].join(mine)
    return tracker.resume(track, before)
