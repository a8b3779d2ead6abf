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
        at_terminal: Somebody at the machine itself, whom nobody has signed in: what accounts of
            these names bill is theirs, too.
    """

    name: str
    practitioner_refs: tuple[str, ...] = ()
    at_terminal: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Of the accounts that act, see `names_in`."""
        return names_in(self.name)


def acted_as(recorded: str, account: str) -> bool:
    """Does what is recorded of an actor name this account, acting or spoken for?"""
    return account.casefold() in names_in(recorded)


def names_in(recorded: str) -> tuple[str, ...]:
    """Return the accounts in what is recorded of an actor, in small letters: who, through whom."""
    name, _, user = recorded.casefold().partition(" (through ")
    return (name, user.removesuffix(")")) if user else (name,)


SERVICE: Final = Actor("kirdi")
"""Where nobody decided but the service."""
