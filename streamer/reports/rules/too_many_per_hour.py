"""More patients within an hour than one practitioner can see."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from config.settings import Reports
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import Parameter
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay, RuledClaim
from streamer.reports.rules.rule_log import RuleLog
from streamer.reports.rules.too_many_per_day import most_of

CODE = RuleCode.TOO_MANY_PER_HOUR

_HOUR: Final = timedelta(hours=1)


def find(day: ClaimDay, log: RuleLog) -> None:
    """Every claim of such an hour stands out; only measured times count, exempt services don't."""
    log.skipped(NotEvaluated.EXEMPT, len(day.claims) - len(day.counted))
    log.skipped(NotEvaluated.ENTERED_TIME, len(day.counted) - len(day.timed))
    log.looked(len(day.timed))
    least = min((day.settings.per_hour, *day.settings.per_hour_of.values()))
    for practitioner_ref, every in day.by_practitioner.items():
        claims = [one for one in every if one.measured and not one.exempt]
        if len(claims) > least:
            _hours(practitioner_ref, claims, day.settings, log)


def _hours(
    practitioner_ref: str, claims: Sequence[RuledClaim], settings: Reports, log: RuleLog
) -> None:
    """Slide an hour over claims in order of their time."""
    found: dict[int, int] = {}
    most = most_of(claims, settings.per_hour, settings.per_hour_of)
    first = 0
    for last, one in enumerate(claims):
        at = one.judged.claim.service.performed_at
        while at - claims[first].judged.claim.service.performed_at >= _HOUR:
            first += 1
        if last - first < most:
            continue
        patients = len({other.judged.claim.patient_id for other in claims[first : last + 1]})
        if patients > most:
            for place in range(first, last + 1):
                found[place] = max(patients, found.get(place, 0))
    for place, patients in found.items():
        said: dict[str, Parameter] = {
            "practitioner": practitioner_ref,
            "patients": patients,
            "most": most,
        }
        log.found(claims[place].judged, said)
