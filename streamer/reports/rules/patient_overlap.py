"""One patient with two practitioners at the same time."""

from streamer.domain.rule_code import RuleCode
from streamer.reports.rules.claim_day import ClaimDay
from streamer.reports.rules.overlap import find_overlaps
from streamer.reports.rules.rule_log import RuleLog

CODE = RuleCode.PATIENT_OVERLAP


def find(day: ClaimDay, log: RuleLog) -> None:
    """Several services by one practitioner are one visit."""
    find_overlaps(
        day,
        day.settings.overlap_min,
        day.by_patient.values(),
        lambda one, other: (
            one.judged.claim.service.practitioner_ref != other.judged.claim.service.practitioner_ref
        ),
        log,
    )
