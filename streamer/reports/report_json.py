"""A report's header as JSON, and its digest. Used by `report_extract` and `reporting`.

The digest of a report is SHA-256 over its header's text, followed by the 32 bytes of each day's
SHA-256, which is over the day's rows, a line of JSON each (`row_json`) with its line feed. The text
that is hashed is the one that is kept and exported: members in the order of the records' fields, no
blanks, UTF-8, rows without members that have their default. See docs/reports.md.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from pydantic import TypeAdapter, ValidationError

from streamer.domain.report.report import Report
from streamer.domain.report.revision import ReportState
from streamer.domain.report.row import ReportRow
from streamer.errors import InputError

SCHEMA: Final = "kirdi-appointment-match-1"
_REPORTS: Final = TypeAdapter(Report)
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def header_of(report: Report) -> bytes:
    """Return the canonical text of a report without its rows."""
    return _REPORTS.dump_json(report)


def report_of(header: bytes | str) -> Report:
    """Read what `header_of` wrote.

    Raises:
        InputError: It is no header of a report.
    """
    try:
        return _REPORTS.validate_json(header)
    except ValidationError as error:
        raise InputError("this is no report: " + _first_fault(error)) from error


def digest_of(header: bytes, day_digests: Iterable[bytes]) -> bytes:
    """Return the digest that is printed: over the header and every day's, in order; 32 bytes."""
    digest = hashlib.sha256(header)
    for one in day_digests:
        digest.update(one)
    return digest.digest()


def content_of(report: Report, day_digests: Iterable[bytes]) -> bytes:
    """Return a digest that only changes with what the report says of its own period; 32 bytes.

    When it was made, where the audit ended then, and how earlier periods were told is left out.
    """
    bare = dataclasses.replace(report, data_until=_NEVER, audit_checkpoint="", trend=())
    return digest_of(header_of(bare), day_digests)


def file_schema() -> Mapping[str, Any]:
    """Return the JSON Schema of a report's file; docs/report.schema.json is this."""
    _, whole = TypeAdapter.json_schemas(
        [("header", "serialization", _REPORTS)], ref_template="#/$defs/{model}"
    )
    _, of_rows = msgspec.json.schema_components([ReportRow], ref_template="#/$defs/{name}")
    digest = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    moment = {"type": "string", "format": "date-time"}
    day = {
        "day": {"type": "string", "format": "date"},
        "digest": digest,
        "rows": {"type": "array", "items": {"$ref": "#/$defs/ReportRow"}},
    }
    members = {
        "schema": {"const": SCHEMA},
        "report_id": {"type": "string", "format": "uuid"},
        "revision": {"type": "integer", "minimum": 1},
        "state": {"enum": [one.value for one in ReportState]},
        "made_at": moment,
        "made_by": {"type": "string"},
        "final_on": moment,
        "digest": digest,
        "changes": {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": {"type": "integer"},
                "minItems": 2,
                "maxItems": 2,
            },
        },
        "report": {"$ref": "#/$defs/Report"},
        "days": {"type": "array", "items": _object(day)},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An appointment-match report with its rows",
        **_object(members),
        "$defs": dict(sorted((of_rows | whole["$defs"]).items())),
    }


def _object(members: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


def _first_fault(error: ValidationError) -> str:
    """Say where it is wrong, and nothing of what stands there."""
    found: Sequence[Any] = error.errors(include_url=False, include_input=False)
    place = ".".join(str(part) for part in found[0]["loc"])
    return f"{place}: {found[0]['msg']}" if place else str(found[0]["msg"])
