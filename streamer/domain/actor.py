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


def acted_as(recorded: str, account: str) -> bool:
    """Does what is recorded of an actor name this account, acting or spoken for?"""
    name, _, user = recorded.partition(" (through ")
    return account in (name, user.removesuffix(")"))


SERVICE: Final = Actor("kirdi")
"""Where nobody decided but the service."""
