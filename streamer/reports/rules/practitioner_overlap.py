"""One practitioner with two patients at the same time."""

from streamer.domain.rule_code import RuleCode
from streamer.reports.rules.claim_day import ClaimDay
from streamer.reports.rules.overlap import find_overlaps
from streamer.reports.rules.rule_log import RuleLog

CODE = RuleCode.PRACTITIONER_OVERLAP


def find(day: ClaimDay, log: RuleLog) -> None:
    """Several services for one patient are one visit."""
    find_overlaps(
        day,
        day.settings.overlap_min,
        day.by_practitioner.values(),
        lambda one, other: one.judged.claim.patient_id != other.judged.claim.patient_id,
        log,
    )
