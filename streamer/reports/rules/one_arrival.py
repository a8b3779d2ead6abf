"""One arrival that serves more practitioners than anybody sees in a day."""

from collections.abc import Sequence
from uuid import UUID

from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay, RuledClaim
from streamer.reports.rules.rule_log import RuleLog

CODE = RuleCode.ONE_ARRIVAL


def find(day: ClaimDay, log: RuleLog) -> None:
    """Every claim that rests on such an arrival stands out; exempt services don't count."""
    counted = len(day.counted)
    without = sum(one.judged.verdict.evidence is None for one in day.counted)
    log.looked(counted - without)
    log.skipped(NotEvaluated.EXEMPT, len(day.claims) - counted)
    log.skipped(NotEvaluated.NO_EVIDENCE, without)
    most = day.settings.practitioners_per_arrival
    # An arrival is one patient's, and their claims rest on no other's.
    for claims in day.by_patient.values():
        if len(claims) > most:
            _arrivals(claims, most, log)


def _arrivals(of_patient: Sequence[RuledClaim], most: int, log: RuleLog) -> None:
    resting: dict[UUID, list[RuledClaim]] = {}
    for one in of_patient:
        evidence = one.judged.verdict.evidence
        if evidence is not None and not one.exempt:
            resting.setdefault(evidence.source_id, []).append(one)
    for claims in resting.values():
        practitioners = len({one.judged.claim.service.practitioner_ref for one in claims})
        if practitioners > most:
            refs = [one.judged.claim.service.claim_ref for one in claims]
            said = {"practitioners": practitioners, "most": most}
            for place, one in enumerate(claims):
                log.found(one.judged, said, (*refs[:place], *refs[place + 1 :]))
