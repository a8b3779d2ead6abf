"""Which rules there are that need one day's claims only. `weak_evidence` needs the whole period."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from streamer.domain.rule_code import RuleCode
from streamer.reports.rules import (
    billed_elsewhere,
    duplicate,
    on_holiday,
    one_arrival,
    outside_hours,
    patient_deceased,
    patient_not_attached,
    patient_overlap,
    practitioner_overlap,
    screening_order,
    substituted,
    too_many_per_day,
    too_many_per_hour,
    wrong_age,
    wrong_appointment,
    wrong_sex,
)
from streamer.reports.rules.claim_day import ClaimDay
from streamer.reports.rules.rule_log import RuleLog

DAY_RULES: Final[Mapping[RuleCode, Callable[[ClaimDay, RuleLog], None]]] = MappingProxyType(
    {
        rule.CODE: rule.find
        for rule in (
            too_many_per_day,
            too_many_per_hour,
            patient_overlap,
            practitioner_overlap,
            outside_hours,
            on_holiday,
            patient_deceased,
            patient_not_attached,
            wrong_sex,
            wrong_age,
            screening_order,
            duplicate,
            one_arrival,
            substituted,
            billed_elsewhere,
            wrong_appointment,
        )
    }
)
