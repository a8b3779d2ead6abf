"""The line of a row is the canonical one, whatever stands in it, and is read again."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.coverage import UnknownCause
from streamer.domain.report.row import ReportRow, RowEvidence, RowKind
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import Parameter, RuleFinding
from streamer.domain.verdict import NotApplicable, VerdictGrade, VerdictKind
from streamer.domain.visit_evidence import EvidenceSource
from streamer.errors import InputError
from streamer.reports.row_json import lines_of, row_of, rows_of

# With quotes, control characters and letters of every kind; PostgreSQL holds no half of a letter.
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_MOMENTS = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5)), timezone(timedelta(0), "X")]),
)
_EVIDENCE = st.builds(
    RowEvidence,
    st.sampled_from(EvidenceSource),
    st.uuids(),
    st.sampled_from(EvidenceGrade),
    _MOMENTS,
    st.none() | st.sampled_from(Method),
    st.none() | _TEXTS,
)
_FINDINGS = st.builds(
    RuleFinding,
    st.sampled_from(RuleCode),
    st.uuids(),
    _TEXTS,
    st.dictionaries(_TEXTS, st.integers(0, 99) | _TEXTS | _MOMENTS, max_size=2),
)
_ROWS = st.builds(
    ReportRow,
    kind=st.sampled_from(RowKind),
    ref=_TEXTS,
    patient_id=st.uuids().map(str),
    practitioner_ref=_TEXTS,
    department=st.none() | _TEXTS,
    service_code=_TEXTS,
    service_name=_TEXTS,
    at=_MOMENTS,
    status=_TEXTS,
    verdict=st.sampled_from(VerdictKind),
    grade=st.none() | st.sampled_from(VerdictGrade),
    cause=st.none() | st.sampled_from(UnknownCause),
    not_applicable=st.none() | st.sampled_from(NotApplicable),
    evidence=st.none() | _EVIDENCE,
    own_evidence=st.booleans(),
    covered=st.none() | st.integers(0, 10_000).map(lambda share: share / 10_000),
    enrolled=st.booleans(),
    declined=st.booleans(),
    explained=st.booleans(),
    took_place=st.booleans(),
    appointment_ref=st.none() | _TEXTS,
    amount=st.none() | st.decimals(allow_nan=False, allow_infinity=False),
    currency=st.none() | _TEXTS,
    measured=st.booleans(),
    findings=st.lists(_FINDINGS, max_size=1).map(tuple),
    certain=st.booleans(),
    estimated=st.booleans(),
)


def _plain(value: Any) -> Any:
    """As docs/reports.md says it, worked out by nothing but Python's own JSON."""
    if isinstance(value, msgspec.Struct):
        empty = {field.name: field.default for field in msgspec.structs.fields(value)}
        members = {name: getattr(value, name) for name in value.__struct_fields__}
        return {
            name: _plain(one)
            for name, one in members.items()
            if one != empty[name] and not (name == "parameters" and one == {})
        }
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal | UUID | date):
        return str(value)
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value


@given(_ROWS)
def test_a_line_is_canonical(row: ReportRow) -> None:
    text = json.dumps(_plain(row), ensure_ascii=False, separators=(",", ":"))
    assert lines_of([row]).decode() == text + "\n"


def test_a_line_is_read_again() -> None:
    evidence = RowEvidence(
        EvidenceSource.CHECK_IN,
        UUID(int=5),
        EvidenceGrade.FACE,
        datetime(2026, 7, 1, 3, tzinfo=UTC),
    )
    row = ReportRow(
        RowKind.CLAIM,
        "C-1",
        "p",
        "D-1",
        None,
        "A",
        "Visit",
        datetime(2026, 7, 1, 3, 0, 0, 5, tzinfo=UTC),
        "billed",
        VerdictKind.VERIFIED,
        VerdictGrade.FACE,
        evidence=evidence,
        amount=Decimal("1E+3"),
        currency="KZT",
    )
    assert row_of(lines_of([row])) == row
    assert rows_of(lines_of([row, row])) == (row, row)


def test_days_and_moments_of_a_finding_are_told_from_text() -> None:
    said: dict[str, Parameter] = {
        "day": date(2026, 7, 1),
        "performed_at": datetime(2026, 7, 1, 3, tzinfo=UTC),
        "n": 1,
        "absent": "2026-07-01",
        "n2": 0.5,
    }
    finding = RuleFinding(RuleCode.ON_HOLIDAY, UUID(int=1), "C-1", said)
    row = ReportRow(
        RowKind.CLAIM, "C-1", "p", "D-1", None, "A", "Visit", datetime(2026, 7, 1, tzinfo=UTC),
        "billed", VerdictKind.UNVERIFIED, findings=(finding,),
    )  # fmt: skip
    assert row_of(lines_of([row])).findings[0].parameters == said


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"kind":"claim"}', "JSON"),
        (b'{"kind":"secret"}', "$.kind"),
        (b"{", "JSON"),
        (b"\xff", "JSON"),
        (b'[{"kind":"claim"}]', "JSON"),
        (b'{"extra":' + b"[" * 200_000, "JSON"),
    ],
)
def test_what_is_no_row_is_refused_without_saying_what_it_is(line: bytes, why: str) -> None:
    with pytest.raises(InputError, match="row") as refused:
        row_of(line)
    assert why in str(refused.value)
    assert "secret" not in str(refused.value)
    with pytest.raises(InputError):
        rows_of(line + b"\n")


@pytest.mark.parametrize(
    "wrong",
    [
        (b'{"n":5}', b'{"n":[5]}'),
        (b'{"n":5}', b'{"n":null}'),
        (b'{"n":5}', b'{"day":"2026-13-45"}'),
        (b'{"n":5}', b'{"performed_at":"secret"}'),
        (b'"amount":"1"', b'"amount":"NaN"'),
        (b'"amount":"1"', b'"amount":"-Infinity"'),
        (b'"at":"2026-07-01T00:00:00Z"', b'"at":"2026-07-01T00:00:00"'),
    ],
)
def test_what_no_row_of_ours_says_is_refused(wrong: tuple[bytes, bytes]) -> None:
    finding = RuleFinding(RuleCode.ON_HOLIDAY, UUID(int=1), "C-1", {"n": 5})
    row = ReportRow(
        RowKind.CLAIM, "C-1", "p", "D-1", None, "A", "Visit", datetime(2026, 7, 1, tzinfo=UTC),
        "billed", VerdictKind.UNVERIFIED, findings=(finding,), amount=Decimal(1),
    )  # fmt: skip
    line = lines_of([row])
    assert row_of(line) == row
    assert wrong[0] in line
    with pytest.raises(InputError, match="no row of a report: it is wrong at") as refused:
        row_of(line.replace(*wrong))
    assert "secret" not in str(refused.value)


def test_a_reference_that_looks_like_a_day_stays_one() -> None:
    for ref in ("2026-07-01", "2026-13-45", "2026-07-01T00:00:00Z"):
        finding = RuleFinding(RuleCode.WRONG_APPOINTMENT, UUID(int=1), ref, {"absent": ref})
        row = ReportRow(
            RowKind.CLAIM, ref, "p", "D-1", None, "A", "Visit",
            datetime(2026, 7, 1, tzinfo=UTC), "billed", VerdictKind.UNVERIFIED,
            appointment_ref=ref, findings=(finding,),
        )  # fmt: skip
        assert row_of(lines_of([row])) == row
