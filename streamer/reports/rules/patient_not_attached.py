"""A service for somebody who was not attached to the clinic that day."""

from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import Parameter
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay
from streamer.reports.rules.rule_log import RuleLog

CODE = RuleCode.PATIENT_NOT_ATTACHED


def find(day: ClaimDay, log: RuleLog) -> None:
    """Whoever has no dates of attachment may be attached all the same: nothing is said of them."""
    payers = frozenset(day.settings.attachment_payers)
    for of_patient in day.by_patient.values():
        claims = of_patient
        if payers:
            claims = [one for one in claims if one.judged.claim.service.payer in payers]
            log.skipped(NotEvaluated.EXEMPT, len(of_patient) - len(claims))
        patient = of_patient[0].judged.patient
        since, until = patient.attached_from, patient.attached_to
        if since is None and until is None:
            log.skipped(NotEvaluated.PATIENT_UNKNOWN, len(claims))
            continue
        log.looked(len(claims))
        early, late = since is not None and day.day < since, until is not None and day.day > until
        if early or late:
            known = {"attached_from": since, "attached_to": until}
            said: dict[str, Parameter] = {
                name: value for name, value in known.items() if value is not None
            }
            for one in claims:
                log.found(one.judged, said)
