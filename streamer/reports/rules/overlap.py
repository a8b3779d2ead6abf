"""What both rules about overlapping visits do: claims of one key nearer than a visit takes."""

from collections.abc import Callable, Hashable
from datetime import timedelta

from streamer.domain.appointment import Place
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay, RuledClaim
from streamer.reports.rules.rule_log import RuleLog


def find_overlaps(
    day: ClaimDay,
    minutes: float,
    whose: Callable[[RuledClaim], Hashable],
    may_not_meet: Callable[[RuledClaim, RuledClaim], bool],
    log: RuleLog,
) -> None:
    """Let stand out what can't have happened at once.

    Args:
        day: Its claims are in order of their time.
        minutes: The least a visit takes.
        whose: Who can't be in two visits at a time.
        may_not_meet: Are these two different visits?
        log: Where it goes; only measured times at the site count, exempt services don't.
    """
    least = timedelta(minutes=minutes)
    of_one: dict[Hashable, list[RuledClaim]] = {}
    others = [one for one in day.claims if not one.exempt]
    measured = [one for one in others if one.measured]
    here = [one for one in measured if one.place is Place.SITE]
    log.skipped(NotEvaluated.EXEMPT, len(day.claims) - len(others))
    log.skipped(NotEvaluated.ENTERED_TIME, len(others) - len(measured))
    log.skipped(NotEvaluated.NOT_AT_SITE, len(measured) - len(here))
    log.looked(len(here))
    for claim in here:
        of_one.setdefault(whose(claim), []).append(claim)
    for claims in of_one.values():
        if len(claims) > 1:
            _pairs(claims, least, may_not_meet, log)


def _pairs(
    claims: list[RuledClaim],
    least: timedelta,
    may_not_meet: Callable[[RuledClaim, RuledClaim], bool],
    log: RuleLog,
) -> None:
    meets: dict[int, list[int]] = {}
    for place, one in enumerate(claims):
        at = one.judged.claim.service.performed_at
        for later in range(place + 1, len(claims)):
            if claims[later].judged.claim.service.performed_at - at >= least:
                break
            if may_not_meet(one, claims[later]):
                meets.setdefault(place, []).append(later)
                meets.setdefault(later, []).append(place)
    for place, others in meets.items():
        refs = tuple(claims[other].judged.claim.service.claim_ref for other in others)
        minutes = least.total_seconds() / 60
        log.found(claims[place].judged, {"least_minutes": minutes, "visits": len(refs)}, refs)
