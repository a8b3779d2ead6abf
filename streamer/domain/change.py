"""What somebody, here or elsewhere, has changed in the database."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Change:
    """Several changes told as one: hints that something is to be looked at, never facts.

    Attributes:
        schedule: Appointments are not as they were. Who may be recognised depends on them, and on
            what else is told of, so the gallery is to be looked at after any change.
        patients: Whose appointments; None = anybody's.
    """

    schedule: bool
    patients: frozenset[UUID] | None
