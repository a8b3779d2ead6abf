"""How Redis fares, as `kirdi health`, the API and the console's page of health tell it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

WITHOUT_IT: Final = (
    "arrivals, codes, consents and reports go on from the database; only slower, and pages may "
    "show a change a second later"
)
"""What works meanwhile."""


class CacheState(StrEnum):
    """Of the service's way to Redis."""

    NONE = "none"
    """There is none, or it was not there when the service started."""
    OK = "ok"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class CacheReport:
    """What the service knows of it.

    Attributes:
        state: Now.
        since: When it was first found away, aware; None where it is not.
        reason: In what way it is away, and what to do; empty where it is not.
    """

    state: CacheState
    since: datetime | None = None
    reason: str = ""
