"""Rates of systems whose answers are written down."""

from collections.abc import Sequence

import numpy as np
import pytest

from matcher.evaluation.bounds import upper_bound
from matcher.evaluation.outcome import Outcome
from matcher.evaluation.pairwise_system import PairwiseSystem
from matcher.evaluation.protocol import PersonPhotos, Split
from matcher.evaluation.rate import rate_at
from matcher.evaluation.report import report_on
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
