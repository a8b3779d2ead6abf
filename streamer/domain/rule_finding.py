"""What a sanity rule found at a claim."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta

from streamer.domain.rule_code import RuleCode

Parameter = str | int | float | date | datetime

if TYPE_CHECKING:
    _Said: TypeAlias = Parameter
else:
    # Days and moments are text in JSON: `reports/row_json` tells them apart, msgspec would not.
    _Said: TypeAlias = Annotated[
        Any, Meta(extra_json_schema={"anyOf": [{"type": "string"}, {"type": "number"}]})
    ]


class RuleFinding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One claim stands out by one rule.

    Attributes:
        parameters: What the explanation's words are filled with, by name; its key is the code.
        others: References of the claims it stands out together with.
    """

    code: RuleCode
    claim_id: UUID
    claim_ref: str
    parameters: Mapping[str, _Said] = {}
    others: tuple[str, ...] = ()
