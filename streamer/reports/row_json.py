"""A row of a report as its line of JSON, and back. Used by everything that keeps or reads one.

Members in the order of the record's fields, no blanks, UTF-8, without those that have their
default, and a line feed: the text that is hashed, kept and exported (docs/reports.md).
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

import msgspec

from streamer.domain.report.row import ReportRow
from streamer.domain.rule_finding import Parameter, RuleFinding
from streamer.errors import InputError

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")

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
        row = _READER.decode(line)
    except msgspec.DecodeError as error:
        raise InputError(f"this is no row of a report: {_place_of(error)}") from error
    return _typed(row) if row.findings else row


def rows_of(lines: bytes) -> tuple[ReportRow, ...]:
    """Read a day's lines; raises as `row_of`."""
    try:
        rows = _READER.decode_lines(lines)
    except msgspec.DecodeError as error:
        raise InputError(f"these are no rows of a report: {_place_of(error)}") from error
    return tuple([_typed(row) if row.findings else row for row in rows])


def _typed(row: ReportRow) -> ReportRow:
    findings = tuple(
        msgspec.structs.replace(one, parameters=_parameters(one)) for one in row.findings
    )
    return msgspec.structs.replace(row, findings=findings)


def _parameters(finding: RuleFinding) -> Mapping[str, Parameter]:
    """Days and moments are text in JSON, and look like nothing else."""
    found: dict[str, Parameter] = {}
    for name, value in finding.parameters.items():
        if not isinstance(value, str | int | float):
            raise InputError("this is no row of a report: a finding's parameters are of no kind")
        if isinstance(value, str) and _DATE.fullmatch(value):
            found[name] = date.fromisoformat(value)
        elif isinstance(value, str) and _MOMENT.fullmatch(value):
            found[name] = datetime.fromisoformat(value)
        else:
            found[name] = value
    return found


def _place_of(error: msgspec.DecodeError) -> str:
    """Say where it is wrong, and nothing of what stands there."""
    _, at, place = str(error).rpartition(" - at ")
    return f"it is wrong at {place}" if at else "it is no such JSON"
