"""The best shots of one track: what the vote about its identity rests on.

Held in the service's memory only, bounded in number and age, and gone with the track.
"""

from dataclasses import dataclass, field

from matcher.face import Embedding, Quality


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One embedded face of a track.

    Attributes:
        taken_at: Monotonic seconds.
        worth: Higher is better to compare; see `worth_of`.
    """

    embedding: Embedding
    taken_at: float
    worth: float


def worth_of(quality: Quality) -> float:
    """Rank a face among its track's: larger first, sharper among equals.

    Both saturate: beyond 150 px (the chip's own width) size adds nothing, and beyond a variance of
    500 sharpness is mostly noise.
    """
    return min(quality.width_px, 150.0) / 150.0 + 0.5 * min(quality.sharpness, 500.0) / 500.0


@dataclass(slots=True)
class TrackEvidence:
    """At most `capacity` shots, none older than `max_age_s`."""

    capacity: int
    max_age_s: float = 60.0
    shots: list[Shot] = field(default_factory=list)

    def wants(self, worth: float, at: float) -> bool:
        """Would a face of this worth be kept? Asked before it is embedded."""
        self.forget_old(at)
        return len(self.shots) < self.capacity or worth > min(shot.worth for shot in self.shots)

    def add(self, shot: Shot) -> None:
        """Keep a shot, letting the least one go where there is no room."""
        self.shots.append(shot)
        if len(self.shots) > self.capacity:
            self.shots.remove(min(self.shots, key=lambda one: one.worth))

    def forget_old(self, at: float) -> None:
        """Let go of shots past their age."""
        self.shots = [shot for shot in self.shots if at - shot.taken_at <= self.max_age_s]
