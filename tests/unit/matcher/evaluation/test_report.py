"""Rates of systems whose answers are written down."""

from collections.abc import Sequence

import numpy as np
import pytest

from matcher.evaluation.bounds import upper_bound
from matcher.evaluation.comparison import Comparison, compare
from matcher.evaluation.outcome import Outcome
from matcher.evaluation.pairwise_system import PairwiseSystem
from matcher.evaluation.protocol import PersonPhotos, Split
from matcher.evaluation.rate import Rate, rate_at
from matcher.evaluation.report import compare_first, report_on
from matcher.evaluation.system import Answer

ENROLLED = tuple((f"e{i}", (0,)) for i in range(10))
MATED = tuple((f"e{i}", (1,)) for i in range(10))
STRANGERS = tuple((f"s{i}", (0,)) for i in range(200))
SPLIT = Split(ENROLLED, MATED, STRANGERS)


class Written:
    """Strangers score 0 to 199; the enrolled what is given, one of them as somebody else."""

    name = "written"

    def __init__(self, mated: Sequence[float], confused: str = "") -> None:
        self._scores = {f"e{i}": score for i, score in enumerate(mated)}
        self._confused = confused

    def answers(
        self, templates: Sequence[PersonPhotos], probes: Sequence[PersonPhotos]
    ) -> list[Answer]:
        assert templates == ENROLLED
        return [
            Answer("e0", float(name[1:]))
            if name.startswith("s")
            else Answer("nobody" if name == self._confused else name, self._scores[name])
            for name, _ in probes
        ]


def test_rates_at_a_share_of_strangers() -> None:
    # The threshold that lets through 1 % of 200 strangers is the third highest of them, 197.
    system = Written([197, 197.5, *[300.0] * 8], confused="e9")
    outcome = Outcome.of(system, SPLIT)
    assert outcome.threshold(0.01) == 197
    assert outcome.false_positives(197) == 2
    assert outcome.misses(197) == 2  # the one that only reaches it, and the one confused
    assert outcome.rank1 == 0.9
    # Fewer strangers than one in a thousand: above all of them.
    assert outcome.threshold(0.001) == 199
    rate = rate_at([outcome], 0.01)
    assert (rate.fnir, rate.misses, rate.searches, rate.strangers) == (0.2, 2, 10, 200)
    assert rate.fnir_upper == pytest.approx(0.506901, abs=1e-5)


def test_a_report_takes_medians_over_splits() -> None:
    outcomes = [
        Outcome.of(Written([*[0.0] * misses, *[300.0] * (10 - misses)]), SPLIT)
        for misses in (0, 1, 5)
    ]
    rate = rate_at(outcomes, 0.03)
    assert (rate.fnir, rate.fnir_least, rate.fnir_most) == (0.1, 0.0, 0.5)


def missing(*counts: int, first: int = 0) -> Rate:
    """At 3 %, of a system that misses so many of the ten in each split, beginning with one."""
    outcomes = []
    for count in counts:
        scores = [0.0 if first <= i < first + count else 300.0 for i in range(10)]
        outcomes.append(Outcome.of(Written(scores), SPLIT))
    return rate_at(outcomes, 0.03)


def test_means_and_splits_tell_apart_what_medians_do_not() -> None:
    one, other = missing(0, 1, 1, 1, 2), missing(1, 1, 1, 5, 0)
    assert one.fnir == other.fnir == 0.1
    assert one.fnir_mean == pytest.approx(0.1)
    assert other.fnir_mean == pytest.approx(0.16)
    assert (other.split_misses, other.all_misses, other.all_searches) == ((1, 1, 1, 5, 0), 8, 50)
    # The first is missed in four splits, the second in one: two people.
    assert (one.all_misses, one.people_missed) == (5, 2)
    assert compare("a", one, "b", other) == Comparison("a", "b", 0.03, 2, 2, 1)
    assert compare("b", other, "a", one) == Comparison("b", "a", 0.03, 1, 2, 2)


def test_whom_another_system_misses_does_not_matter_only_how_many() -> None:
    assert compare("a", missing(2, 0), "b", missing(2, 0, first=5)).equal == 2


def test_rates_of_different_tests_are_not_compared() -> None:
    with pytest.raises(ValueError, match="different tests"):
        compare("a", missing(1), "b", missing(1, 1))


def test_the_first_system_is_compared_with_each_other_one_at_every_rate() -> None:
    good, bad = Written([300.0] * 10), Written([0.0, *[300.0] * 9])
    systems = [report_on(one, [SPLIT, SPLIT]) for one in (good, bad, good)]
    found = compare_first(systems)
    assert [(one.better, one.equal, one.worse) for one in found] == [(2, 0, 0)] * 4 + [
        (0, 2, 0)
    ] * 4
    assert [one.fpir for one in found[:4]] == [rate.fpir for rate in systems[0].rates]
    assert compare_first(systems[:1]) == ()


def test_a_report_by_group_and_at_a_fixed_threshold() -> None:
    groups = {"e0": "x", "s199": "x", **{f"e{i}": "y" for i in range(1, 9)}}
    report = report_on(Written([0.0, *[300.0] * 9]), [SPLIT, SPLIT], groups, 189.5)
    assert report.at_default is not None
    assert (report.at_default.fnir, report.at_default.fpir) == (0.1, 0.05)
    assert report.at_default.fnir_upper == pytest.approx(upper_bound(1, 10))
    assert report.at_default.fpir_upper == pytest.approx(upper_bound(10, 200))
    assert [fpir for fpir, _ in report.det][-1] == 1.0
    assert [fnir for _, fnir in report.det] == sorted((f for _, f in report.det), reverse=True)
    rows = {row.group: row for row in report.groups if row.fpir_of_all == 0.01}
    assert (rows["x"].people, rows["x"].fnir, rows["x"].fpir) == (2, 1.0, 1.0)
    assert (rows["y"].people, rows["y"].searches, rows["y"].fnir) == (8, 16, 0.0)
    assert (rows["y"].strangers, rows["y"].fpir, rows["y"].fpir_upper) == (0, None, None)
    # Eight people, though searched for in both splits.
    assert rows["y"].fnir_upper == pytest.approx(upper_bound(0, 8))
    assert rows["x"].fnir_upper == 1.0
    assert rows["(no group)"].people == 200


def test_single_photos_are_compared_and_the_nearest_wins() -> None:
    people = {
        "a": {0: np.array([0.0, 0.0]), 1: np.array([0.1, 0.0])},
        "b": {0: np.array([1.0, 0.0])},
    }
    system = PairwiseSystem("pairs", people)
    templates = [("a", (0,)), ("b", (0, 7))]
    found = system.answers(templates, [("a", (1,)), ("b", (5,)), ("c", (0,))])
    assert found[0].owner == "a"
    assert found[0].score == pytest.approx(-0.1)
    assert [one.owner for one in found[1:]] == [None, None]
    assert system.answers([("c", (0,))], [("a", (0,))])[0].owner is None
