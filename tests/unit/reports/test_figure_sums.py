"""Medians and shares as they are told, and how visits to call back are drawn."""

import hashlib
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.domain.report.period import Period, PeriodKind
from streamer.reports.call_backs import draw, seed_of
from streamer.reports.figure_sums import FigureSums, RiskSums


def spread(minutes: list[int]) -> tuple[int, float, float] | None:
    sums = FigureSums(lateness=dict(Counter(minutes)))
    found = sums.figures(RiskSums()).lateness
    return None if found is None else (found.count, found.median, found.p90)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ([], None),
        ([7], (1, 7, 7)),
        ([-10, 20], (2, 5, 20)),
        ([3, 1, 2], (3, 2, 3)),
        (list(range(1, 11)), (10, 5.5, 9.5)),
        (list(range(1, 12)), (11, 6, 10)),
        ([5] * 99 + [500], (100, 5, 5)),
    ],
)
def test_medians(minutes: list[int], expected: tuple[int, float, float] | None) -> None:
    assert spread(minutes) == expected


@given(st.binary(min_size=32, max_size=32), st.integers(0, 300), st.integers(0, 30))
def test_a_draw_has_as_many_as_there_are(seed: bytes, of: int, size: int) -> None:
    drawn = draw(seed, of, size)
    assert len(drawn) == len(set(drawn)) == min(of, size)
    assert all(0 <= one < of for one in drawn)
    assert draw(seed, of, size) == drawn


def test_a_draw_is_what_is_written_down() -> None:
    seed = seed_of("s", Period.of(date(2026, 7, 1), date(2026, 7, 1)), [b"\1" * 32])
    assert seed == hashlib.sha256(b"s\nday\n2026-07-01\n2026-07-01\n" + b"\1" * 32).digest()
    first = hashlib.sha256(seed + bytes(8)).digest()
    assert draw(seed, 1000, 1) == [int.from_bytes(first[:8], "big") % 1000]


@pytest.mark.parametrize(
    ("first", "last", "kind"),
    [
        (date(2026, 7, 1), date(2026, 7, 1), PeriodKind.DAY),
        (date(2026, 7, 6), date(2026, 7, 12), PeriodKind.WEEK),
        (date(2026, 7, 7), date(2026, 7, 13), PeriodKind.RANGE),
        (date(2026, 2, 1), date(2026, 2, 28), PeriodKind.MONTH),
        (date(2026, 7, 1), date(2026, 9, 30), PeriodKind.RANGE),
    ],
)
def test_days_are_a_week_or_month_where_they_are_just_one(
    first: date, last: date, kind: PeriodKind
) -> None:
    assert Period.of(first, last) == Period(kind, first, last)
