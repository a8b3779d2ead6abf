"""That a step of a screening was billed for a patient. Read by the rule about their order."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ScreeningStep:
    """One billed step; `day` is the site's."""

    service_code: str
    day: date
    claim_ref: str
