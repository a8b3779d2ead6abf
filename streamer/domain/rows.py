"""Records that came from a file: which lines they stood on and which columns the file had.

Made by `exchange`, read by the imports in `storage`. It is a plain sequence to everyone else.
"""

import dataclasses
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar, overload

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record")
Data = TypeVar("Data", bound="DataclassInstance")


class Rows(Sequence[Record], Generic[Record]):
    """Immutable; `list(rows)` gives the bare records."""

    place: ClassVar[str] = "{source} line {line}, column {column}"

    def __init__(
        self,
        source: str,
        columns: Collection[str],
        records: Sequence[Record],
        lines: Sequence[int],
    ) -> None:
        """Remember where the records come from.

        Args:
            source: The file's name.
            columns: Names of the columns it had, which are names of the records' fields.
            records: In the file's order.
            lines: The line each record began on, counted from 1.
        """
        if len(records) != len(lines):
            raise ValueError("every record needs its line")
        self.columns = frozenset(columns)
        self._source = source
        self._records = tuple(records)
        self._lines = tuple(lines)

    def where(self, index: int, column: str) -> str:
        """Say where a record's field stands, to begin an error message with."""
        line = self._lines[index]
        return self.place.format(source=self._source, line=line, column=column)

    def selected(self, kept: Sequence[tuple[int, Record]]) -> Self:
        """Return some of them, possibly changed, each with the place it had; lines stay known."""
        lines = [self._lines[index] for index, _ in kept]
        return type(self)(self._source, self.columns, [record for _, record in kept], lines)

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Record]: ...

    def __getitem__(self, index: int | slice) -> Record | Sequence[Record]:
        return self._records[index]

    def __repr__(self) -> str:
        return f"Rows({self._source!r}, {len(self._records)} records)"


class SentRows(Rows[Record]):
    """Records that came through the API: the line is the place in the list, counted from 0."""

    place = "{source}[{line}].{column}"


def where(records: Sequence[object], index: int, column: str) -> str:
    """Say where a record's field stands: file and line, or its place in a bare sequence."""
    if isinstance(records, Rows):
        return records.where(index, column)
    return f"record {index + 1}, column {column}"


def over(stored: Data, given: Data, records: Sequence[Data]) -> Data:
    """Return `given` with the fields whose column the file did not have taken from `stored`.

    An empty cell clears a field, an absent column says nothing about it. A bare sequence of records
    has every column.
    """
    if not isinstance(records, Rows):
        return given
    absent = {field.name for field in dataclasses.fields(given)} - records.columns
    return dataclasses.replace(given, **{name: getattr(stored, name) for name in absent})


def selected(records: Sequence[Record], kept: Sequence[tuple[int, Record]]) -> Sequence[Record]:
    """Return some of the records, possibly changed, each with the place it had."""
    if isinstance(records, Rows):
        return records.selected(kept)
    return [record for _, record in kept]
