"""More patients on a day than one practitioner can see."""

from collections.abc import Mapping

from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import Parameter
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay, RuledClaim
from streamer.reports.rules.rule_log import RuleLog

CODE = RuleCode.TOO_MANY_PER_DAY


def find(day: ClaimDay, log: RuleLog) -> None:
    """Every claim of such a practitioner stands out; exempt services don't count."""
    of_practitioner: dict[str, list[RuledClaim]] = {}
    for one in day.claims:
        if one.exempt:
            log.skipped(NotEvaluated.EXEMPT)
        else:
            of_practitioner.setdefault(one.judged.claim.service.practitioner_ref, []).append(one)
    for practitioner_ref, claims in of_practitioner.items():
        log.looked(len(claims))
        if len(claims) <= day.settings.per_day and not day.settings.per_day_of:
            continue
        patients = len({one.judged.claim.patient_id for one in claims})
        most = most_of(claims, day.settings.per_day, day.settings.per_day_of)
        if patients > most:
            said: dict[str, Parameter] = {
                "practitioner": practitioner_ref,
                "patients": patients,
                "most": most,
            }
            for one in claims:
                log.found(one.judged, said)


def most_of(claims: list[RuledClaim], usual: int, of_department: Mapping[str, int]) -> int:
    """Return how many patients there may be: of several departments the most generous says so."""
    return max(of_department.get(one.department or "", usual) for one in claims)
