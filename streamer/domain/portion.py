"""Some records of a file that is too large to be read at once, and what is wrong with others.

Made by `exchange.csv_portions`, written by `storage.portioned_import`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Portion(Generic[Record]):
    """A run of a file's rows.

    Attributes:
        source: The file's name.
        columns: Which the file has.
        records: Of the rows that could be read.
        lines: The line each of them began on, counted from 1.
        bad: What is wrong with each of the others: line, column and remedy.
    """

    source: str
    columns: frozenset[str]
    records: Sequence[Record]
    lines: Sequence[int]
    bad: Sequence[str] = ()

    def where(self, index: int, column: str) -> str:
        """Say where a record's field stands, to begin a message with."""
        return f"{self.source} line {self.lines[index]}, column {column}"
