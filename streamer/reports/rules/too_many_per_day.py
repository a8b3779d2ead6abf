"""More patients on a day than one practitioner can see."""

from collections.abc import Mapping, Sequence

from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import Parameter
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay, RuledClaim
from streamer.reports.rules.rule_log import RuleLog

CODE = RuleCode.TOO_MANY_PER_DAY


def find(day: ClaimDay, log: RuleLog) -> None:
    """Every claim of such a practitioner stands out; exempt services don't count."""
    log.skipped(NotEvaluated.EXEMPT, len(day.claims) - len(day.counted))
    log.looked(len(day.counted))
    least = min((day.settings.per_day, *day.settings.per_day_of.values()))
    for practitioner_ref, every in day.by_practitioner.items():
        claims = [] if len(every) <= least else [one for one in every if not one.exempt]
        if not claims:
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


def most_of(claims: Sequence[RuledClaim], usual: int, of_department: Mapping[str, int]) -> int:
    """Return how many patients there may be: of several departments the most generous says so."""
    return max(of_department.get(one.department or "", usual) for one in claims)
