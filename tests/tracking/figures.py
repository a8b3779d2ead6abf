"""How right a tracker was. Pure: whose each face is against the number it was given."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

Pair = tuple[Hashable | None, int | None]
"""Whose a face is, None where it is nobody's; the track it was given, None without one."""


@dataclass(frozen=True, slots=True)
class TrackingFigures:
    """Counts over whole scenes; they add up.

    Attributes:
        faces: True faces that the detector gave.
        switches: How often a person's track number changed (Bernardin and Stiefelhagen, 2008).
        breaks: How often a person was without a track between two faces with one.
        mixed: Tracks that hold two faces or more of a second person: what may name the wrong one.
        agreed: Faces whose track is their person's, one track each (IDTP; Ristani et al., 2016),
        given: and faces that were given any track (IDTP + IDFP).
    """

    faces: int = 0
    switches: int = 0
    breaks: int = 0
    mixed: int = 0
    agreed: int = 0
    given: int = 0

    def __add__(self, other: "TrackingFigures") -> "TrackingFigures":
        return TrackingFigures(
            self.faces + other.faces,
            self.switches + other.switches,
            self.breaks + other.breaks,
            self.mixed + other.mixed,
            self.agreed + other.agreed,
            self.given + other.given,
        )

    @property
    def idf1(self) -> float:
        """Harmonic mean of identity precision and recall."""
        return 2 * self.agreed / max(1, self.faces + self.given)


def tracking_figures(frames: Sequence[Sequence[Pair]]) -> TrackingFigures:
    """Count over one scene.

    Args:
        frames: In order of time; a face each.
    """
    pairs = [pair for frame in frames for pair in frame]
    together = Counter(
        (one, track) for one, track in pairs if one is not None and track is not None
    )
    people = sorted({one for one, _ in together}, key=repr)
    tracks = sorted({track for _, track in together})
    shared = np.zeros((len(people), len(tracks)), np.int64)
    for (one, track), count in together.items():
        shared[people.index(one), tracks.index(track)] = count
    chosen = linear_sum_assignment(shared, maximize=True)
    held: defaultdict[int, list[int]] = defaultdict(list)
    for (_, track), count in together.items():
        held[track].append(count)
    switches, breaks = _changes(pairs)
    return TrackingFigures(
        faces=sum(one is not None for one, _ in pairs),
        switches=switches,
        breaks=breaks,
        mixed=sum(sorted(counts)[-2] >= 2 for counts in held.values() if len(counts) > 1),
        agreed=int(shared[chosen].sum()),
        given=sum(track is not None for _, track in pairs),
    )


def _changes(pairs: Sequence[Pair]) -> tuple[int, int]:
    last: dict[Hashable, int] = {}
    without: set[Hashable] = set()
    switches = breaks = 0
    for one, track in pairs:
        if one is None:
            continue
        if track is None:
            without.add(one)
            continue
        if one in last:
            switches += last[one] != track
            breaks += one in without
        without.discard(one)
        last[one] = track
    return switches, breaks
