"""How many errors of the matcher to expect in a report's period, and by what. Pure.

Used by `runs`, with what `matcher_known` has read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import betaincinv

from matcher.tail import Tail
from streamer.domain.match_count import MatchCount
from streamer.domain.report.error_accounting import ErrorAccounting, ErrorSource, Expected
from streamer.site_errors import site_errors
from streamer.tracking.voting import LEAST_GALLERY, Thresholds

_OUTSIDE = 0.025
"""On each side of an interval of 95 %."""


@dataclass(frozen=True, slots=True)
class MatcherKnown:
    """What is known of the pack in use, and counted of the period.

    Attributes:
        counts: By day and camera, of the period.
        thresholds: In force; None with `tails` empty = nobody knows how high strangers score.
        tails: The pack's, and the site's where it was calibrated; the worse one counts.
        genuine: Scores of each enrolment's photos with the mean of the others, lowest first.
        reviews: Of the period; `rejected` those that were somebody else.
    """

    pack_id: str
    licence: str
    commercial: bool
    weak_for: tuple[str, ...]
    source: ErrorSource
    people: int
    counts: tuple[MatchCount, ...]
    thresholds: Thresholds | None
    tails: tuple[Tail, ...]
    genuine: Sequence[float]
    reviews: int
    rejected: int


NOTHING_KNOWN = MatcherKnown(
    "", "", True, (), ErrorSource.NONE, 0, (), None, (), (), reviews=0, rejected=0
)


def error_accounting(known: MatcherKnown, by_face: int) -> ErrorAccounting:
    """Put figures to a period.

    Strangers are at most those tracks that were accepted as nobody, and those strangers who were
    accepted besides: so many false accepts are to be expected at most. Whoever came and was not
    recognised is to those who were as FNIR is to the rest. One photo is harder than a track: FNIR
    by enrolment photos errs on the high side.

    Args:
        known: Of the matcher.
        by_face: Visits of the period that are verified by the site's own cameras.
    """
    counts = known.counts
    compared = sum(one.tracks for one in counts)
    accepted = sum(one.accepted for one in counts)
    mean = sum(one.gallery_sum for one in counts) / compared if compared else 0.0
    fpir = false_accepts = None
    if known.thresholds is not None and known.tails and compared:
        errors = site_errors(counts, known.thresholds, known.tails)
        fpir = interval(errors.false_accepts / compared, min(one.people for one in known.tails))
        strangers = max(0, compared - accepted)
        false_accepts = Expected(
            *(min(accepted, _odds(rate) * strangers) for rate in (fpir.value, fpir.low, fpir.high))
        )
    fnir = false_rejects = None
    if known.thresholds is not None and known.genuine:
        accept = known.thresholds.accept(max(LEAST_GALLERY, -int(-mean // 1)))
        missed = sum(score < accept for score in known.genuine)
        fnir = interval(missed / len(known.genuine), len(known.genuine))
        rates = (fnir.value, fnir.low, fnir.high)
        if fnir.value < 1:
            false_rejects = Expected(*(_odds(rate) * by_face for rate in rates))
    return ErrorAccounting(
        pack_id=known.pack_id,
        licence=known.licence,
        weak_for=known.weak_for,
        source=known.source,
        people=known.people,
        compared=compared,
        accepted=accepted,
        gallery_mean=round(mean, 1),
        gallery_max=max((one.gallery_max for one in counts), default=0),
        fpir=fpir,
        fnir=fnir,
        false_accepts=false_accepts,
        false_rejects=false_rejects,
        reviews=known.reviews,
        rejected=known.rejected,
    )


def interval(rate: float, of: int) -> Expected:
    """Return a rate with its interval of 95 % (Clopper and Pearson, 1934).

    The bounds are quantiles of beta distributions, which take shares that are no whole number of
    so many, too: a rate that a fitted tail says, of so many independent people.
    """
    found = rate * of
    low = 0.0 if found <= 0 else float(betaincinv(found, of - found + 1, _OUTSIDE))
    high = 1.0 if found >= of else float(betaincinv(found + 1, of - found, 1 - _OUTSIDE))
    return Expected(rate, min(rate, low), max(rate, high))


def _odds(rate: float) -> float:
    """How many of the one to each of the other; a rate of all is told as one of almost all."""
    return min(rate, 0.999) / (1 - min(rate, 0.999))
