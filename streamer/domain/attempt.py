"""An attempt at a code that has been counted and may be evaluated."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """What it takes to take it back, once the code was right.

    Attributes:
        subject: Whose attempt: a device.
        blocked_until: The wait that this attempt began.
    """

    subject: str
    blocked_until: datetime
