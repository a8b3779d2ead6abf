"""What an import did. Commands read it, too: nothing of the database is loaded for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Counts of records; together they are all of the file.

    Attributes:
        left_out: Of patients who were erased at their wish.
    """

    created: int
    updated: int
    unchanged: int
    left_out: int = 0
