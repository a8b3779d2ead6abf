"""How many claims a sanity rule could look at, and why not at the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from streamer.domain.rule_code import RuleCode


class NotEvaluated(StrEnum):
    """Why a rule could not look at a claim."""

    SWITCHED_OFF = "switched_off"
    NOT_SET = "not_set"
    """The settings it needs are empty, such as opening hours or screenings."""
    ENTERED_TIME = "entered_time"
    """The time was typed, not measured."""
    EXEMPT = "exempt"
    """Laboratory, vaccination, groups: what the settings exempt."""
    NOT_AT_SITE = "not_at_site"
    PATIENT_UNKNOWN = "patient_unknown"
    """Attachment, sex or birth date of the patient is not known."""
    NO_APPOINTMENT = "no_appointment"
    NO_EVIDENCE = "no_evidence"
    TOO_FEW = "too_few"
    NOT_FAIR_YET = "not_fair_yet"
    """Too few patients are enrolled for it to say anything."""
    STEP_MISSING = "step_missing"
    """The earlier step is billed nowhere here; it may have been done elsewhere."""


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """How a rule fared over some claims.

    Attributes:
        evaluated: How many claims it could look at.
        not_evaluated: How many it could not, by reason.
    """

    code: RuleCode
    evaluated: int = 0
    found: int = 0
    not_evaluated: Mapping[NotEvaluated, int] = field(default_factory=dict)

    def __add__(self, other: "RuleSummary") -> "RuleSummary":
        """Return both together; they must be of one rule."""
        if other.code is not self.code:
            raise ValueError("summaries of different rules")
        reasons = dict(self.not_evaluated)
        for reason, count in other.not_evaluated.items():
            reasons[reason] = reasons.get(reason, 0) + count
        return RuleSummary(
            self.code, self.evaluated + other.evaluated, self.found + other.found, reasons
        )
