"""How many arrivals at a site may be somebody else's, from its own counts. Pure.

Called by `kirdi evaluate --site`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from matcher.tail import Tail
from matcher.thresholds import fpir_at
from streamer.domain.match_count import MatchCount
from streamer.tracking.voting import LEAST_GALLERY, Thresholds


@dataclass(frozen=True, slots=True)
class SiteErrors:
    """Expected false accepts if every track searched were a stranger: more than there can be.

    Attributes:
        days: With a count.
        tracks: Searched.
        accepted: By themselves.
        false_accepts: Expected of so many strangers.
    """

    days: int
    tracks: int
    accepted: int
    false_accepts: float

    @property
    def per_thousand(self) -> float | None:
        """Of 1,000 accepted, at most so many are expected false; None where nobody was."""
        if not self.accepted:
            return None
        return 1000 * min(1.0, self.false_accepts / self.accepted)


def site_errors(
    counts: Sequence[MatchCount], thresholds: Thresholds, tails: Sequence[Tail]
) -> SiteErrors:
    """Add up the days and cameras.

    The rate rises with the gallery ever more slowly, and not at all once thresholds rise with it:
    taken at the mean gallery of a day it is no smaller than the mean of the rates.

    Args:
        counts: By day and camera.
        thresholds: In force.
        tails: The pack's of strangers' scores, and the site's; the worse one counts.
    """
    expected = 0.0
    for one in counts:
        if one.tracks:
            mean = -(-one.gallery_sum // one.tracks)
            accept = thresholds.accept(max(mean, LEAST_GALLERY))
            expected += one.tracks * max(fpir_at(tail, accept, mean) for tail in tails)
    return SiteErrors(
        days=len({one.day for one in counts}),
        tracks=sum(one.tracks for one in counts),
        accepted=sum(one.accepted for one in counts),
        false_accepts=expected,
    )
