"""Thresholds of a pack whose impostor scores nobody has fitted: the same for every gallery."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FixedThresholds:
    """See `streamer.tracking.voting.Thresholds`; scores are minus the distance.

    Attributes:
        max_distance: Up to this distance a match is accepted.
        min_margin: So much farther a person should look, and a runner-up is in question.
    """

    max_distance: float
    min_margin: float

    def accept(self, gallery_size: int) -> float:  # noqa: ARG002 - the protocol's
        """From this score on a match is accepted."""
        return -self.max_distance

    def review(self, gallery_size: int) -> float:  # noqa: ARG002 - the protocol's
        """From this score on a person should look."""
        return -self.max_distance - self.min_margin
