"""What a sanity rule found at a claim."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from streamer.domain.rule_code import RuleCode

Parameter = str | int | float | date | datetime


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """One claim stands out by one rule.

    Attributes:
        parameters: What the explanation's words are filled with, by name; its key is the code.
        others: References of the claims it stands out together with.
    """

    code: RuleCode
    claim_id: UUID
    claim_ref: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    others: tuple[str, ...] = ()
