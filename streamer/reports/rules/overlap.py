"""What both rules about overlapping visits do: claims of one key nearer than a visit takes."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Final

from streamer.domain.appointment import Place
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay, RuledClaim
from streamer.reports.rules.rule_log import RuleLog

# Asked of every row, and in Python 3.11 naming a member takes longer than whatever is asked.
_SITE: Final = Place.SITE


def find_overlaps(
    day: ClaimDay,
    minutes: float,
    of_one: Iterable[Sequence[RuledClaim]],
    may_not_meet: Callable[[RuledClaim, RuledClaim], bool],
    log: RuleLog,
) -> None:
    """Let stand out what can't have happened at once.

    Args:
        day: Its claims are in order of their time.
        minutes: The least a visit takes.
        of_one: The day's claims by whoever can't be in two visits at a time.
        may_not_meet: Are these two different visits?
        log: Where it goes; only measured times at the site count, exempt services don't.
    """
    least = timedelta(minutes=minutes)
    log.skipped(NotEvaluated.EXEMPT, len(day.claims) - len(day.counted))
    log.skipped(NotEvaluated.ENTERED_TIME, len(day.counted) - len(day.timed))
    log.skipped(NotEvaluated.NOT_AT_SITE, len(day.timed) - len(day.timed_here))
    log.looked(len(day.timed_here))
    for claims in of_one:
        if len(claims) > 1:
            here = [one for one in claims if one.measured and not one.exempt and one.place is _SITE]
            _pairs(here, least, may_not_meet, log)


def _pairs(
    claims: Sequence[RuledClaim],
    least: timedelta,
    may_not_meet: Callable[[RuledClaim, RuledClaim], bool],
    log: RuleLog,
) -> None:
    times = [one.judged.claim.service.performed_at for one in claims]
    meets: dict[int, list[int]] = {}
    for place, at in enumerate(times):
        for later in range(place + 1, len(times)):
            if times[later] - at >= least:
                break
            if may_not_meet(claims[place], claims[later]):
                meets.setdefault(place, []).append(later)
                meets.setdefault(later, []).append(place)
    for place, others in meets.items():
        refs = tuple(claims[other].judged.claim.service.claim_ref for other in others)
        minutes = least.total_seconds() / 60
        log.found(claims[place].judged, {"least_minutes": minutes, "visits": len(refs)}, refs)
