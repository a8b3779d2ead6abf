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
    looked = unknown = 0
    for one in day.claims:
        if payers and one.judged.claim.service.payer not in payers:
            log.skipped(NotEvaluated.EXEMPT)
            continue
        patient = one.judged.patient
        since, until = patient.attached_from, patient.attached_to
        if since is None and until is None:
            unknown += 1
            continue
        looked += 1
        early, late = since is not None and day.day < since, until is not None and day.day > until
        if early or late:
            known = {"attached_from": since, "attached_to": until}
            said: dict[str, Parameter] = {
                name: value for name, value in known.items() if value is not None
            }
            log.found(one.judged, said)
    log.looked(looked)
    log.skipped(NotEvaluated.PATIENT_UNKNOWN, unknown)
