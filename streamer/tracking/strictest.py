"""Thresholds of several sources at once: the strictest holds."""

from dataclasses import dataclass

from streamer.tracking.voting import Thresholds


@dataclass(frozen=True, slots=True)
class Strictest:
    """See `streamer.tracking.voting.Thresholds`."""

    several: tuple[Thresholds, ...]

    def accept(self, gallery_size: int) -> float:
        """The highest of the scores from which a match is accepted."""
        return max(one.accept(gallery_size) for one in self.several)

    def review(self, gallery_size: int) -> float:
        """The highest of the scores from which a person should look."""
        return max(one.review(gallery_size) for one in self.several)
