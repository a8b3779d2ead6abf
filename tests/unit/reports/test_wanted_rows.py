"""Rows that a total was counted from: found as if each had been read."""

from dataclasses import fields
from datetime import date

import pytest

from streamer.domain.report.row import RowKind
from streamer.domain.report.rows_wanted import RowsWanted
from streamer.domain.report.scope import WHOLE_SITE, Scope, ScopeKind
from streamer.domain.rule_code import RuleCode
from streamer.domain.verdict import VerdictGrade, VerdictKind
from streamer.reports.row_json import lines_of
from streamer.reports.wanted_rows import wanted_rows
from streamer.web.rows_asked import query_of, rows_asked
from tests.fakes.made_report import made_report

CLAIM, VISIT = RowKind.CLAIM, RowKind.APPOINTMENT


@pytest.mark.parametrize(
    "wanted",
    [
        RowsWanted(),
        RowsWanted(kind=CLAIM),
        RowsWanted(kind=VISIT, verdict=VerdictKind.UNVERIFIED),
        RowsWanted(kind=VISIT, grade=VerdictGrade.FACE),
        RowsWanted(took_place=True),
        RowsWanted(certain=True),
        RowsWanted(estimated=True),
        RowsWanted(at_risk=True),
        RowsWanted(rule=RuleCode.PATIENT_OVERLAP),
        RowsWanted(status="noshow"),
    ],
)
def test_no_row_is_missed_by_looking_at_lines_first(wanted: RowsWanted) -> None:
    _, days = made_report()
    for _, rows in days:
        lines = lines_of(rows)
        expected = tuple(row for row in rows if wanted.takes(row))
        assert wanted_rows(lines, WHOLE_SITE, wanted) == expected
        ref = rows[0].practitioner_ref if rows else "nobody"
        of_one = Scope(ScopeKind.PRACTITIONER, ref)
        assert wanted_rows(lines, of_one, wanted) == tuple(
            row for row in expected if row.practitioner_ref == ref
        )


def test_every_part_of_what_is_wanted_has_its_place_in_an_address() -> None:
    wanted = RowsWanted(
        day=date(2026, 3, 2), kind=CLAIM, ref="C-1", rule=RuleCode.DUPLICATE, certain=True
    )
    assert query_of(wanted) == {
        "day": "2026-03-02", "kind": "claim", "ref": "C-1", "rule": "duplicate", "certain": "true",
    }  # fmt: skip
    assert rows_asked.__annotations__.keys() == {
        one.name for one in fields(RowsWanted) if one.name != "scope"
    } | {"return"}
