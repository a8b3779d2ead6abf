"""The sanity rules by name."""

from enum import StrEnum
from typing import Final


class RuleCode(StrEnum):
    """The rules, by the name they have in settings, reports and docs/reports.md."""

    TOO_MANY_PER_DAY = "too_many_per_day"
    TOO_MANY_PER_HOUR = "too_many_per_hour"
    PATIENT_OVERLAP = "patient_overlap"
    PRACTITIONER_OVERLAP = "practitioner_overlap"
    OUTSIDE_HOURS = "outside_hours"
    ON_HOLIDAY = "on_holiday"
    PATIENT_DECEASED = "patient_deceased"
    PATIENT_NOT_ATTACHED = "patient_not_attached"
    WRONG_SEX = "wrong_sex"
    WRONG_AGE = "wrong_age"
    SCREENING_ORDER = "screening_order"
    DUPLICATE = "duplicate"
    ONE_ARRIVAL = "one_arrival"
    WEAK_EVIDENCE = "weak_evidence"
    SUBSTITUTED = "substituted"
    BILLED_ELSEWHERE = "billed_elsewhere"
    WRONG_APPOINTMENT = "wrong_appointment"

    @property
    def information_only(self) -> bool:
        """Does it never put a claim at risk?"""
        return self in _INFORMATION


FOR_A_LOOK: Final = (RuleCode.BILLED_ELSEWHERE, RuleCode.WRONG_APPOINTMENT)
"""Information of which reports list every claim: what is billed so escapes other checks."""

_INFORMATION: Final = frozenset({RuleCode.SUBSTITUTED, *FOR_A_LOOK})
