"""Whether a model pack is good enough for a site's own patients. Pure; `kirdi models calibrate`.

Two things are known at a site without anybody being photographed for it: how alike the enrolled
patients are to each other, and what people said of the matches that they were shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import betaincinv

from matcher.impostors import Impostors
from streamer.tracking.voting import LEAST_GALLERY, Thresholds

MIN_PATIENTS: Final = 120
"""They make 7,140 comparisons, and so a tail of 142; a tail of fewer than 100 is not fitted."""
MAX_WRONG: Final = 0.01
"""Of the matches that would have been accepted, at most so many may have been somebody else: the
upper 95 % bound, so that it takes 299 looks without a mistake, or 473 with one, to show it."""
_SURE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with one-sided 95 % bounds (Clopper and Pearson, 1934)."""

    count: int
    of: int

    @property
    def upper(self) -> float:
        """With 95 % certainty it is not more than this."""
        if self.count >= self.of:
            return 1.0
        return float(betaincinv(self.count + 1, self.of - self.count, _SURE))

    @property
    def lower(self) -> float:
        """With 95 % certainty it is not less than this."""
        if self.count == 0:
            return 0.0
        return float(betaincinv(self.count, self.of - self.count + 1, 1.0 - _SURE))


@dataclass(frozen=True, slots=True)
class SiteFindings:
    """What a site's own patients say about a pack, at given thresholds.

    Attributes:
        patients: Enrolled, consenting, with a template of this pack.
        impostor_pairs: How many comparisons of two of them.
        accepted_as_another: Of the patients, how many would be accepted as one of the others if
            they were not enrolled themselves.
        photos_accepted: Of the photos of enrolments, how many would be accepted, each against the
            mean of the others: one photo alone is harder than a track.
        wrong: Of the matches people looked at that would have been accepted, how many were
            somebody else.
        expired: How many of those nobody looked at in time.
        gallery_size: The largest ever searched here; the thresholds are those of voting in it.
        accept: The score from which a match is accepted in it.
        review: The score from which a person should look.
    """

    patients: int
    impostor_pairs: int
    accepted_as_another: Share
    photos_accepted: Share
    wrong: Share
    expired: int
    gallery_size: int
    accept: float
    review: float


@dataclass(frozen=True, slots=True)
class Looks:
    """What people said of accepted matches: how many were decided, wrong, and never looked at."""

    decided: int
    wrong: int
    expired: int


def findings(
    impostors: Impostors,
    genuine: Sequence[float],
    looks: Looks,
    thresholds: Thresholds,
    gallery_size: int,
) -> SiteFindings:
    """Put figures to the thresholds that will be in force.

    Args:
        impostors: Everybody's template with everybody else's.
        genuine: Scores of each enrolment's photos with the mean of the others.
        looks: What people said.
        thresholds: The stricter of the pack's and the site's.
        gallery_size: The largest that was searched here.
    """
    size = max(gallery_size, LEAST_GALLERY)
    others = thresholds.accept(max(impostors.people - 1, LEAST_GALLERY))
    accept = thresholds.accept(size)
    return SiteFindings(
        patients=impostors.people,
        impostor_pairs=impostors.pairs,
        accepted_as_another=Share(int(np.sum(impostors.best >= others)), impostors.people),
        photos_accepted=Share(sum(score >= accept for score in genuine), len(genuine)),
        wrong=Share(looks.wrong, looks.decided),
        expired=looks.expired,
        gallery_size=gallery_size,
        accept=accept,
        review=thresholds.review(size),
    )


def shortcomings(found: SiteFindings, accept_fpir: float) -> Iterator[str]:
    """Why matches may not arrive by themselves yet, a line each; none where they may.

    Args:
        found: What the site's patients say.
        accept_fpir: The share of strangers that may be accepted, as set.
    """
    if found.patients < MIN_PATIENTS:
        yield f"{found.patients} enrolled patients; {MIN_PATIENTS} or more are needed"
    alike = found.accepted_as_another
    if alike.lower > accept_fpir:
        yield (
            f"{alike.count} of {alike.of} patients would be accepted as another one, more than "
            f"match.accept_fpir allows; make it smaller, enrol them from better photos, or let "
            "them come with a code"
        )
    if found.wrong.upper > MAX_WRONG:
        yield (
            f"{found.wrong.of} matches were looked at and {found.wrong.count} were somebody else: "
            f"that may be up to {100 * found.wrong.upper:.2f} %, and {100 * MAX_WRONG:g} % is "
            f"allowed; {_looks_needed(found.wrong.count)} looks with no more mistakes would do"
        )


def _looks_needed(wrong: int) -> int:
    """How many looks with so many mistakes show what is asked for."""
    looks = 100
    while Share(wrong, looks).upper > MAX_WRONG:
        looks += 1
    return looks
