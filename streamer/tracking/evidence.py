"""The best shots of one track: what the vote about its identity rests on.

Held in the service's memory only, bounded in number and age, and gone with the track.
"""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from matcher.face import Embedding, fuse


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One embedded face of a track.

    Attributes:
        taken_at: Monotonic seconds.
        worth: Quality figure of the face, 0 to 1 (`matcher.face.Quality.figure`).
        liveness: How surely it is a living face and no picture of one, 0 to 1; None = not asked.
    """

    embedding: Embedding
    taken_at: float
    worth: float
    liveness: float | None = None


# Below this many shots a track's mean says too little to call another face somebody else's.
_ENOUGH_TO_DOUBT = 3
# One odd frame is a blink or a hand before the mouth; two in a row are another person.
_DOUBTS_TO_SPLIT = 2


@dataclass(slots=True)
class TrackEvidence:
    """At most `capacity` shots, none older than `max_age_s`, all of one person.

    People walk one behind the other: the next face may appear where the last one was, and geometry
    alone then takes both for one track. So a track keeps being looked at every `recheck_s`, and
    shots that lie `other_person` or farther from its mean tell that the person has changed.
    """

    capacity: int
    other_person: float
    max_age_s: float = 60.0
    recheck_s: float = 0.35
    shots: list[Shot] = field(default_factory=list)
    doubts: list[Shot] = field(default_factory=list)
    confirmed_at: float = -math.inf
    _looked_at: float = -math.inf

    def wants(self, worth: float, at: float) -> bool:
        """Is a face of this worth to be embedded? Asked before it is.

        Args:
            worth: Its quality figure.
            at: Monotonic seconds.
        """
        self.forget_old(at)
        return (
            len(self.shots) < self.capacity
            or bool(self.doubts)
            or at - self._looked_at >= self.recheck_s
            or worth > min(shot.worth for shot in self.shots)
        )

    def forget_old(self, at: float) -> None:
        """Let go of shots past their age."""
        self.shots = [shot for shot in self.shots if at - shot.taken_at <= self.max_age_s]
        self.doubts = [shot for shot in self.doubts if at - shot.taken_at <= self.max_age_s]

    def take(self, shot: Shot) -> bool:
        """Take in a shot; where there is no room, the one that is missed least goes.

        Returns:
            True when the last shots show somebody else: `successor` is that person's evidence.
        """
        self._looked_at = shot.taken_at
        if self._is_somebody_else(shot):
            self.doubts.append(shot)
            return len(self.doubts) >= _DOUBTS_TO_SPLIT
        self.doubts.clear()
        self.confirmed_at = shot.taken_at
        self.shots.append(shot)
        if len(self.shots) > self.capacity:
            self.shots.remove(self._least_missed())
        return False

    def join(self, later: "TrackEvidence") -> None:
        """Take in what a later track of the same person showed, and go on from there."""
        self.doubts.clear()
        self.shots += later.shots
        while len(self.shots) > self.capacity:
            self.shots.remove(self._least_missed())
        self.confirmed_at, self._looked_at = later.confirmed_at, later._looked_at

    @property
    def liveness(self) -> float | None:
        """Mean over the shots that were asked about; None where none was."""
        known = [shot.liveness for shot in self.shots if shot.liveness is not None]
        return sum(known) / len(known) if known else None

    def _least_missed(self) -> Shot:
        """The shot of least worth times distance to the one most like it.

        By worth alone, a person who keeps one sharp but bad pose for two seconds would fill every
        place with it, and stay unknown. By distance alone, a blurred or half hidden face, which is
        like no other, would never go.
        """
        vectors = np.stack([one.embedding.vector for one in self.shots]).astype(np.float64)
        apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
        np.fill_diagonal(apart, np.inf)
        missed = apart.min(axis=1) * [one.worth for one in self.shots]
        return self.shots[int(np.argmin(missed))]

    def successor(self) -> "TrackEvidence":
        """Return evidence of the person who took this one's place, from the doubted shots."""
        last = self.doubts[-1].taken_at
        return replace(self, shots=list(self.doubts), doubts=[], confirmed_at=last)

    def _is_somebody_else(self, shot: Shot) -> bool:
        if len(self.shots) < _ENOUGH_TO_DOUBT:
            return False
        return _distance(shot.embedding, fuse([one.embedding for one in self.shots])) >= (
            self.other_person
        )


def _distance(one: Embedding, other: Embedding) -> float:
    return float(np.linalg.norm(one.vector - other.vector))
