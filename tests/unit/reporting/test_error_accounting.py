"""How many errors of the matcher a report says to expect."""

from dataclasses import replace
from datetime import date

import pytest
from scipy.stats import binomtest

from matcher.tail import Tail
from streamer.domain.match_count import MatchCount
from streamer.domain.report.error_accounting import ErrorSource
from streamer.reporting.error_accounting import (
    NOTHING_KNOWN,
    MatcherKnown,
    error_accounting,
    interval,
)

TAIL = Tail(start=3.0, rate=0.02, scale=1.0, comparisons=100_000, people=500)
COUNTS = (
    MatchCount(date(2026, 7, 1), "lobby-1", 600, 60_000, 120, 400, 3),
    MatchCount(date(2026, 7, 2), "lobby-1", 400, 20_000, 80, 200, 2),
)


class Always:
    """Thresholds that do not depend on the gallery."""

    def accept(self, gallery_size: int) -> float:
        return 10.0

    def review(self, gallery_size: int) -> float:
        return 8.0


KNOWN = MatcherKnown(
    "open-1", "CC0-1.0", True, (), ErrorSource.SITE, 300, COUNTS, Always(), (TAIL,),
    genuine=(9.0, 11.0, 12.0, 12.5), reviews=5, rejected=1,
)  # fmt: skip


@pytest.mark.parametrize(("found", "of"), [(0, 50), (1, 50), (25, 50), (50, 50)])
def test_intervals_are_exact(found: int, of: int) -> None:
    exact = binomtest(found, of).proportion_ci(0.95, "exact")
    told = interval(found / of, of)
    assert (told.low, told.high) == pytest.approx((exact.low, exact.high))


def test_what_is_to_be_expected() -> None:
    told = error_accounting(KNOWN, by_face=90)
    assert (told.compared, told.accepted, told.gallery_max) == (1000, 600, 120)
    assert told.gallery_mean == 80.0
    assert told.fpir is not None
    assert 0 < told.fpir.low <= told.fpir.value <= told.fpir.high
    assert told.false_accepts is not None
    rate = told.fpir.value
    assert told.false_accepts.value == pytest.approx(400 * rate / (1 - rate))
    assert told.fnir is not None
    assert told.fnir.value == 0.25
    assert told.false_rejects is not None
    assert told.false_rejects.value == pytest.approx(30)
    assert told.false_rejects.low < 30 < told.false_rejects.high
    assert (told.reviews, told.rejected, told.people) == (5, 1, 300)


def test_nothing_is_told_of_what_nobody_knows() -> None:
    told = error_accounting(NOTHING_KNOWN, by_face=90)
    assert told.source is ErrorSource.NONE
    assert (told.fpir, told.fnir, told.false_accepts, told.false_rejects) == (None,) * 4
    idle = error_accounting(replace(KNOWN, counts=()), by_face=0)
    assert (idle.fpir, idle.false_accepts) == (None, None)
    never = error_accounting(replace(KNOWN, genuine=(1.0, 2.0)), by_face=0)
    assert never.fnir is not None
    assert never.fnir.value == 1.0
    assert never.false_rejects is None


def test_no_more_false_accepts_than_were_accepted() -> None:
    few = tuple(replace(one, accepted=0) for one in COUNTS)
    told = error_accounting(replace(KNOWN, counts=few), by_face=0)
    assert told.false_accepts is not None
    assert told.false_accepts.high == 0
