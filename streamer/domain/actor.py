"""Who does something: a person at a terminal, a terminal, or the service by itself."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Actor:
    """Kept with whatever was done.

    Attributes:
        name: Of the account; what is recorded.
        practitioner_refs: Whose appointments this person bills, and whom they speak for. Nobody
            may vouch for their own patients.
    """

    name: str
    practitioner_refs: tuple[str, ...] = ()


def acted_as(recorded: str, account: str) -> bool:
    """Does what is recorded of an actor name this account, acting or spoken for?"""
    name, _, user = recorded.casefold().partition(" (through ")
    return account.casefold() in (name, user.removesuffix(")"))


SERVICE: Final = Actor("kirdi")
"""Where nobody decided but the service."""
