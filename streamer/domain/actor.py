"""Who does something: a person at a terminal, a terminal, or the service by itself."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Actor:
    """Kept with whatever was done.

    Attributes:
        name: Of the account; what is recorded.
        practitioner_ref: Whose appointments this person bills; None = nobody's. Nobody may vouch
            for their own patients.
    """

    name: str
    practitioner_ref: str | None = None


SERVICE: Final = Actor("kirdi")
"""Where nobody decided but the service."""
