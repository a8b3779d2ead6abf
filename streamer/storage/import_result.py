"""What an import did."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Counts of records; together they are all of the file."""

    created: int
    updated: int
    unchanged: int
