"""Records that came through the API, as rows of named cells: the imports' checks hold for both.

Used by the readers of one kind of file each. Errors name place and member, and no value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from streamer.errors import InputError
from streamer.exchange.csv_table import Columns, CsvRow, checked, cleaned


@dataclass(frozen=True, slots=True)
class SentRow(CsvRow):
    """One record; `line` is its place, counted from 0."""

    def where(self, column: str) -> str:
        """Say where a member stands."""
        return f"{self.source}[{self.line}].{column}"


def sent_rows(
    source: str, records: Sequence[Mapping[str, object]], columns: Columns
) -> tuple[tuple[str, ...], list[SentRow]]:
    """Return the members that all records have, and the records as rows.

    Args:
        source: The list's name.
        records: Texts, truth values, days, moments, lists of references, or None.
        columns: What each may have.

    Raises:
        InputError: They do not have the same members, or one holds what can't be kept.
    """
    header = tuple(records[0])
    rows: list[SentRow] = []
    for place, record in enumerate(records):
        if set(record) != set(header):
            raise InputError(
                f"{source}[{place}]: has other members than {source}[0]; what is left out stays as "
                "it was, for all of them: send it in a request of its own"
            )
        cells = {name: cleaned(_cell(value)) for name, value in record.items()}
        row = SentRow(source, place, cells)
        checked(row, columns)
        rows.append(row)
    return header, rows


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "|".join(str(one) for one in value)
    return str(value)
