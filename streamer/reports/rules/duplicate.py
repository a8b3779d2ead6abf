"""The same service for the same patient on the same day, billed more often than it may be."""

from uuid import UUID

from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay, RuledClaim
from streamer.reports.rules.rule_log import RuleLog

CODE = RuleCode.DUPLICATE


def find(day: ClaimDay, log: RuleLog) -> None:
    """The first ones are what was given; those beyond them stand out."""
    repeatable = tuple(one.casefold() for one in day.settings.repeatable)
    same: dict[tuple[UUID, str], list[RuledClaim]] = {}
    looked = 0
    for one in day.claims:
        service = one.judged.claim.service
        if repeatable and service.service_code.casefold().startswith(repeatable):
            log.skipped(NotEvaluated.EXEMPT)
            continue
        looked += 1
        same.setdefault((one.judged.claim.patient_id, service.service_code), []).append(one)
    log.looked(looked)
    if looked == len(same):
        return
    for claims in same.values():
        for one in claims[day.settings.times_per_day :]:
            others = tuple(
                other.judged.claim.service.claim_ref for other in claims if other is not one
            )
            said = {"times": len(claims), "most": day.settings.times_per_day}
            log.found(one.judged, said, others)
