"""Names an appointment that is not here, is another patient's, or was on another day.

Such a claim is judged as if it named none. Information only: most are slips of whoever exports.
"""

from datetime import UTC, datetime, time, timedelta

from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import Parameter
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay
from streamer.reports.rules.rule_log import RuleLog

CODE = RuleCode.WRONG_APPOINTMENT


def find(day: ClaimDay, log: RuleLog) -> None:
    """Look at every claim that names one."""
    zone = day.premises.zone
    begin = datetime.combine(day.day, time(), zone).astimezone(UTC)
    end = datetime.combine(day.day + timedelta(days=1), time(), zone).astimezone(UTC)
    without = 0
    for one in day.claims:
        claim, named = one.judged.claim, one.judged.appointment
        ref = claim.service.appointment_ref
        if ref is None:
            without += 1
            continue
        said: dict[str, Parameter]
        if named is None:
            said = {"absent": ref}
        elif named.patient_id != claim.patient_id:
            said = {"of_another": ref}
        elif not begin <= named.starts_at < end:
            said = {"other_day": day.premises.day_of(named.starts_at)}
        else:
            continue
        log.found(one.judged, said)
    log.looked(len(day.claims) - without)
    log.skipped(NotEvaluated.NO_APPOINTMENT, without)
