"""The same service for the same patient on the same day, billed more often than it may be."""

from collections.abc import Collection, Sequence

from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay, RuledClaim
from streamer.reports.rules.rule_log import RuleLog

CODE = RuleCode.DUPLICATE


def find(day: ClaimDay, log: RuleLog) -> None:
    """The first ones are what was given; those beyond them stand out."""
    repeatable = tuple(one.casefold() for one in day.settings.repeatable)
    free = {code for code in day.by_code if repeatable and code.casefold().startswith(repeatable)}
    exempt = sum(len(day.by_code[code]) for code in free)
    log.skipped(NotEvaluated.EXEMPT, exempt)
    log.looked(len(day.claims) - exempt)
    for claims in day.by_patient.values():
        if len(claims) > 1:
            _same(claims, free, day.settings.times_per_day, log)


def _same(claims: Sequence[RuledClaim], free: Collection[str], most: int, log: RuleLog) -> None:
    same: dict[str, list[RuledClaim]] = {}
    for one in claims:
        code = one.judged.claim.service.service_code
        if code not in free:
            same.setdefault(code, []).append(one)
    for alike in same.values():
        for one in alike[most:]:
            others = tuple(
                other.judged.claim.service.claim_ref for other in alike if other is not one
            )
            log.found(one.judged, {"times": len(alike), "most": most}, others)
