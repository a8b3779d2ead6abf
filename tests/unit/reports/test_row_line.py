"""The line of a row is what pydantic writes of it, whatever stands in it."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.coverage import UnknownCause
from streamer.domain.report.row import ReportRow, RowEvidence, RowKind
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import RuleFinding
from streamer.domain.verdict import NotApplicable, VerdictGrade, VerdictKind
from streamer.domain.visit_evidence import EvidenceSource
from streamer.reports.report_json import row_of
from streamer.reports.row_line import line_of

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
_WRITER = TypeAdapter(ReportRow)


@given(_ROWS)
def test_a_line_is_pydantics(row: ReportRow) -> None:
    assert line_of(row) == _WRITER.dump_json(row, exclude_defaults=True) + b"\n"


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
    assert row_of(line_of(row)) == row
