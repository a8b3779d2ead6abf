"""A row of a report as its line of JSON, and back. Used by everything that keeps or reads one.

Members in the order of the record's fields, no blanks, UTF-8, without those that have their
default, and a line feed: the text that is hashed, kept and exported (docs/reports.md).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Final

import msgspec

from streamer.domain.report.row import ReportRow
from streamer.domain.rule_finding import Parameter, RuleFinding
from streamer.errors import InputError

# Parameters of rules that are no text, and which kind they are: in JSON they look like text, as an
# appointment's reference might look like a day.
_TYPED: Final[Mapping[str, Callable[[str], date]]] = {
    "day": date.fromisoformat,
    "other_day": date.fromisoformat,
    "former_on": date.fromisoformat,
    "deceased_on": date.fromisoformat,
    "attached_from": date.fromisoformat,
    "attached_to": date.fromisoformat,
    "performed_at": datetime.fromisoformat,
}

_WRITER: Final = msgspec.json.Encoder()
_READER: Final = msgspec.json.Decoder(ReportRow)


def lines_of(rows: Iterable[ReportRow]) -> bytes:
    """Return the lines of rows, one after the other."""
    return _WRITER.encode_lines(rows)


def row_of(line: bytes | str) -> ReportRow:
    """Read a line.

    Raises:
        InputError: It is no row of a report.
    """
    try:
        return _checked(_READER.decode(line))
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"this is no row of a report: {_place_of(error)}") from error


def rows_of(lines: bytes) -> tuple[ReportRow, ...]:
    """Read a day's lines; raises as `row_of`."""
    try:
        return tuple([_checked(row) for row in _READER.decode_lines(lines)])
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"these are no rows of a report: {_place_of(error)}") from error


def _checked(row: ReportRow) -> ReportRow:
    """Return it with its findings' parameters as they were."""
    if row.amount is not None and not row.amount.is_finite():
        raise InputError("this is no row of a report: it is wrong at $.amount")
    if not row.findings:
        return row
    findings = tuple(
        msgspec.structs.replace(one, parameters=_parameters(one)) for one in row.findings
    )
    return msgspec.structs.replace(row, findings=findings)


def _parameters(finding: RuleFinding) -> Mapping[str, Parameter]:
    found: dict[str, Parameter] = {}
    for name, value in finding.parameters.items():
        typed = _TYPED.get(name)
        try:
            if typed is not None and isinstance(value, str):
                found[name] = typed(value)
            elif isinstance(value, str | int | float):
                found[name] = value
            else:
                raise ValueError(name)
        except ValueError as error:
            place = "$.findings[...].parameters"
            raise InputError(f"this is no row of a report: it is wrong at {place}") from error
    return found


def _place_of(error: Exception) -> str:
    """Say where it is wrong, and nothing of what stands there."""
    _, at, place = str(error).rpartition(" - at ")
    return f"it is wrong at {place}" if at else "it is no such JSON"
