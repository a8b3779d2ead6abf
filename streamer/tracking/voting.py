"""Who a track is: a vote of its best shots, then one fused comparison. Pure.

Averaging the agreeing frames of a track lowers the error far more than any single frame's quality
does, and asking each frame by itself first keeps one lucky frame, or a second person who slipped
into the track, from deciding.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from matcher.face import Embedding, Match, fuse
from streamer.domain.identity import Band
from streamer.tracking.evidence import Shot

# How far the first must lead, in gaps between both thresholds.
_MARGIN_GAPS: Final = 2.0


# A smaller gallery is taken for one of so many. Thresholds come from photos of other people; two
# people before the same camera, in the same light, score higher with each other than those do.
LEAST_GALLERY: Final = 50


class Search(Protocol):
    """What voting needs of the gallery."""

    def search(self, probes: Sequence[Embedding]) -> Sequence[Match | None]:
        """Return the template most alike for each probe; None where there is no template."""
        ...


class Thresholds(Protocol):
    """Which scores are good for what, in a gallery of so many people.

    The more are asked for, the likelier one of them looks like a stranger: so both rise with the
    gallery.
    """

    def accept(self, gallery_size: int) -> float:
        """From this score on a match is accepted."""
        ...

    def review(self, gallery_size: int) -> float:
        """From this score on a person should look; not above `accept`."""
        ...


@dataclass(frozen=True, slots=True)
class VoteLimits:
    """When a vote is taken.

    Attributes:
        thresholds: In force now; asked for every vote.
        frame_distance: A single face farther from a template names nobody; Euclidean.
        min_agreeing_frames: Shots that must name the same person.
    """

    thresholds: Thresholds
    frame_distance: float
    min_agreeing_frames: int


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody whom a track may show, and how alike the fused probe is."""

    owner: str
    score: float


@dataclass(frozen=True, slots=True)
class Vote:
    """Whom a track shows, as far as its own shots say.

    Attributes:
        claims: The likeliest first; a second one comes into question as well.
        band: `accept` only where there is no second one.
        threshold: The score that had to be reached to be accepted.
        floor: The score below which nobody comes into question.
        margin: To the runner-up, whether in question or not; infinite without one.
        frames_agreeing: Shots that named the first by themselves.
    """

    claims: tuple[Claim, ...]
    band: Band
    threshold: float
    floor: float
    margin: float
    frames_agreeing: int
    pack_id: str

    @property
    def owner(self) -> str:
        """The likeliest."""
        return self.claims[0].owner


def vote(
    shots: Sequence[Shot], gallery: Search, gallery_size: int, limits: VoteLimits
) -> Vote | None:
    """Say who the shots show, or None while that is unknown.

    A shot names its best match if that is within `frame_distance`: in a gallery of one everybody's
    best is that one. Most of the shots must name the same person, at least `min_agreeing_frames` of
    them; or, where they are divided, the two named most often: siblings. The mean of those shots
    is the probe, and its score decides.

    The runner-up comes into question as well where the probe would not be unknown without the first
    and the first leads by less than twice the gap between both thresholds. Then a person decides,
    whatever the score. The gap is the step in score between the two target rates, so the margin is
    in the scores' own unit: with rates ten times apart a stranger is a hundred times less likely
    to score so much higher.

    Args:
        shots: Of one track.
        gallery: Who may be recognised.
        gallery_size: How many they are; thresholds are never those of fewer than fifty.
        limits: See there.
    """
    named = _named(shots, gallery, limits.frame_distance)
    owners, count = _majority(named, len(shots), limits.min_agreeing_frames)
    if not owners:
        return None
    probe = fuse([shot.embedding for shot, owner in named if owner in owners])
    (match,) = gallery.search([probe])
    size = max(gallery_size, LEAST_GALLERY)
    threshold, floor = limits.thresholds.accept(size), limits.thresholds.review(size)
    if match is None or match.owner not in owners or match.score < floor:
        return None
    claims = [Claim(match.owner, match.score)]
    second = match.score - match.margin
    near = match.margin < _MARGIN_GAPS * (threshold - floor)
    if match.runner_up is not None and second >= floor and near:
        claims.append(Claim(match.runner_up, second))
    sure = len(claims) == 1 and len(owners) == 1 and match.score >= threshold
    return Vote(
        claims=tuple(claims),
        band=Band.ACCEPT if sure else Band.REVIEW,
        threshold=threshold,
        floor=floor,
        margin=match.margin,
        frames_agreeing=count[match.owner],
        pack_id=probe.pack_id,
    )


def _named(
    shots: Sequence[Shot], gallery: Search, frame_distance: float
) -> list[tuple[Shot, str | None]]:
    """Each shot with whom it names by itself."""
    matches = gallery.search([shot.embedding for shot in shots])
    return [
        (shot, match.owner if match is not None and match.distance <= frame_distance else None)
        for shot, match in zip(shots, matches, strict=True)
    ]


def _majority(
    named: Sequence[tuple[Shot, str | None]], shots: int, least: int
) -> tuple[frozenset[str], Counter[str]]:
    """The one person most shots name, or the two; nobody where it takes more to get a majority."""
    count = Counter(owner for _, owner in named if owner is not None)
    leading = count.most_common(2)
    for owners in (leading[:1], leading):
        together = sum(times for _, times in owners)
        if together >= least and 2 * together > shots:
            return frozenset(owner for owner, _ in owners), count
    return frozenset(), count
