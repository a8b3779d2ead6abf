"""A service given after the patient's death."""

from streamer.domain.rule_code import RuleCode
from streamer.reports.rules.claim_day import ClaimDay
from streamer.reports.rules.rule_log import RuleLog

CODE = RuleCode.PATIENT_DECEASED


def find(day: ClaimDay, log: RuleLog) -> None:
    """The day of death itself is none after it."""
    log.looked(len(day.claims))
    for claims in day.by_patient.values():
        deceased_on = claims[0].judged.patient.deceased_on
        if deceased_on is not None and day.day > deceased_on:
            for one in claims:
                log.found(one.judged, {"deceased_on": deceased_on})
