"""An attempt at a code that has been counted and may be evaluated, and one that was in vain."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Attempt:
    """What it takes to take it back, once the code was right.

    Attributes:
        subject: Whose attempt: a device.
        blocked_until: The wait that this attempt began.
    """

    subject: str
    blocked_until: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that was evaluated, in vain.

    Attributes:
        device_id: Where.
        flaw: Why, in a few words; told to nobody there.
        by: Who showed it, as recorded.
        patient_id: Whose it was, if that is known; None takes the same work, so that nobody can
            tell.
        guessed: False for what could not be guessed: the site's count is left alone.
    """

    device_id: str
    flaw: str
    by: str
    patient_id: UUID | None
    guessed: bool = True
