"""Who a track is: a vote of its best shots, then one fused comparison. Pure.

Averaging the agreeing frames of a track lowers the error far more than any single frame's quality
does, and asking each frame by itself first keeps one lucky frame, or a second person who slipped
into the track, from deciding.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from matcher.face import Embedding, Match, fuse
from streamer.tracking.evidence import Shot


class Search(Protocol):
    """What voting needs of the gallery."""

    def search(self, probes: Sequence[Embedding]) -> Sequence[Match | None]:
        """Return the nearest template for each probe; None where there is no template."""
        ...


@dataclass(frozen=True, slots=True)
class VoteLimits:
    """When a vote is accepted: see `config.settings.Match`."""

    max_distance: float
    max_frame_distance: float
    min_margin: float
    min_agreeing_frames: int


@dataclass(frozen=True, slots=True)
class Vote:
    """An accepted vote: the fused match, how many frames agreed on it, and of which pack."""

    match: Match
    frames_agreeing: int
    pack_id: str


def vote(shots: Sequence[Shot], gallery: Search, limits: VoteLimits) -> Vote | None:
    """Say who the shots show, or None while that is not certain.

    A shot names its nearest owner if that is within `max_frame_distance`: in a gallery of one,
    everybody's nearest is that one. Most of the shots must name the same owner, at least
    `min_agreeing_frames` of them; the mean of those shots must then be within `max_distance` of
    that owner's template, and the runner-up farther by `min_margin`.
    """
    if len(shots) < limits.min_agreeing_frames:
        return None
    singles = gallery.search([shot.embedding for shot in shots])
    near = [
        match if match is not None and match.distance <= limits.max_frame_distance else None
        for match in singles
    ]
    named = Counter(match.owner for match in near if match is not None)
    if not named:
        return None
    owner, count = named.most_common(1)[0]
    if count < limits.min_agreeing_frames or 2 * count <= len(shots):
        return None
    agreeing = [
        shot.embedding
        for shot, match in zip(shots, near, strict=True)
        if match is not None and match.owner == owner
    ]
    fused = fuse(agreeing)
    (match,) = gallery.search([fused])
    if match is None or match.owner != owner or match.distance > limits.max_distance:
        return None
    if match.margin < limits.min_margin:
        return None
    return Vote(match, count, fused.pack_id)
