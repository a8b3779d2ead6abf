"""What somebody, here or elsewhere, has changed in the database."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Change:
    """Several changes told as one: gallery and schedule are to be looked at.

    Attributes:
        patients: Whose appointments are known to be others; nobody's where it was something else,
            or where it is only known that something may have been missed. None = many.
    """

    patients: frozenset[UUID] | None
