"""Writes a row of a report as its line of JSON. Pure; used by `report_json`.

Byte for byte what pydantic writes of the record (`tests/unit/reports/test_row_line.py`), in a third
of the time: what many rows have in common is put into words once. A report has 200,000 rows, and
each of them is written while somebody waits.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Final

from pydantic import TypeAdapter

from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.coverage import UnknownCause
from streamer.domain.report.row import ReportRow
from streamer.domain.verdict import NotApplicable, VerdictGrade, VerdictKind
from streamer.domain.visit_evidence import EvidenceSource

# Different ones of a day: practitioners with their services, and the ways a verdict can come out.
_REMEMBERED: Final = 8192
_MINUTES: Final = tuple(f"{at // 60:02}:{at % 60:02}:" for at in range(24 * 60))
_SECONDS: Final = tuple(f"{second:02}" for second in range(60))

_whole_row = TypeAdapter(ReportRow).serializer.to_json


def line_of(row: ReportRow) -> bytes:
    """Return the canonical line of a row, with its line feed."""
    if row.findings:
        # Few rows have any, and their parameters may be of many kinds.
        return _whole_row(row, exclude_defaults=True) + b"\n"
    whose = _whose(row.practitioner_ref, row.department, row.service_code, row.service_name)
    known = _known(
        row.own_evidence,
        row.covered,
        row.enrolled,
        row.declined,
        row.explained,
        row.took_place,
    )
    verdict = (row.status, row.verdict, row.grade, row.cause, row.not_applicable)
    one = row.evidence
    if one is None:
        said = _said(*verdict)
    else:
        before, between, after = _found(*verdict, one.source, one.grade, one.method, one.place)
        said = f"{before}{one.source_id}{between}{_moment(one.occurred_at)}{after}"
    billed = "" if row.amount is None and row.appointment_ref is None else _billed(row)
    risk = _risk(row.currency, row.measured, row.certain, row.estimated)
    return (
        f'{{"kind":"{row.kind}","ref":{encode_basestring(row.ref)},'
        f'"patient_id":{encode_basestring(row.patient_id)},{whose},"at":"{_moment(row.at)}",'
        f"{said}{known}{billed}{risk}}}\n"
    ).encode()


@lru_cache(_REMEMBERED)
def _whose(practitioner_ref: str, department: str | None, code: str, name: str) -> str:
    place = "null" if department is None else encode_basestring(department)
    return (
        f'"practitioner_ref":{encode_basestring(practitioner_ref)},"department":{place},'
        f'"service_code":{encode_basestring(code)},"service_name":{encode_basestring(name)}'
    )


@lru_cache(_REMEMBERED)
def _said(
    status: str,
    verdict: VerdictKind,
    grade: VerdictGrade | None,
    cause: UnknownCause | None,
    not_applicable: NotApplicable | None,
) -> str:
    found = f'"status":{encode_basestring(status)},"verdict":"{verdict}"'
    if grade is not None:
        found += f',"grade":"{grade}"'
    if cause is not None:
        found += f',"cause":"{cause}"'
    if not_applicable is not None:
        found += f',"not_applicable":"{not_applicable}"'
    return found


@lru_cache(_REMEMBERED)
def _found(
    status: str,
    verdict: VerdictKind,
    grade: VerdictGrade | None,
    cause: UnknownCause | None,
    not_applicable: NotApplicable | None,
    source: EvidenceSource,
    worth: EvidenceGrade,
    method: Method | None,
    place: str | None,
) -> tuple[str, str, str]:
    """What stands before the evidence's id, before its moment, and after that."""
    how = "" if method is None else f',"method":"{method}"'
    if place is not None:
        how += f',"place":{encode_basestring(place)}'
    return (
        _said(status, verdict, grade, cause, not_applicable)
        + f',"evidence":{{"source":"{source}","source_id":"',
        f'","grade":"{worth}","occurred_at":"',
        f'"{how}}}',
    )


@lru_cache(_REMEMBERED)
def _known(
    own_evidence: bool,
    covered: float | None,
    enrolled: bool,
    declined: bool,
    explained: bool,
    took_place: bool,
) -> str:
    found = ',"own_evidence":true' if own_evidence else ""
    if covered is not None:
        found += f',"covered":{covered!r}'
    if enrolled:
        found += ',"enrolled":true'
    if declined:
        found += ',"declined":true'
    if explained:
        found += ',"explained":true'
    return found + ',"took_place":true' if took_place else found


def _billed(row: ReportRow) -> str:
    found = ""
    if row.appointment_ref is not None:
        found = f',"appointment_ref":{encode_basestring(row.appointment_ref)}'
    if row.amount is not None:
        found += f',"amount":"{_amount(row.amount)}"'
    return found


@lru_cache(_REMEMBERED)
def _risk(currency: str | None, measured: bool, certain: bool, estimated: bool) -> str:
    found = "" if currency is None else f',"currency":{encode_basestring(currency)}'
    if measured:
        found += ',"measured":true'
    if certain:
        found += ',"certain":true'
    return found + ',"estimated":true' if estimated else found


def _amount(amount: Decimal) -> str:
    # Not by a format: that would write 1E+3 out.
    return str(amount)


def _moment(at: datetime) -> str:
    if at.tzinfo is not UTC:
        text = at.isoformat()
        return text[:-6] + "Z" if text.endswith("+00:00") else text
    # `isoformat` asks the time zone again for each of them, which takes three times as long.
    parts = f".{at.microsecond:06}Z" if at.microsecond else "Z"
    return (
        f"{_day(at.toordinal())}T{_MINUTES[at.hour * 60 + at.minute]}{_SECONDS[at.second]}{parts}"
    )


@lru_cache(_REMEMBERED)
def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()
