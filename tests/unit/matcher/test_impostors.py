"""Everybody against everybody else gives what searches in a gallery give."""

import numpy as np
import pytest

from matcher import impostors
from matcher.cohort import Cohort
from matcher.errors import MatcherError
from matcher.face import Embedding
from matcher.gallery import Gallery
from matcher.impostors import compare_everybody
from matcher.tail import Tail


def people(count: int, seed: int = 1) -> list[Embedding]:
    drawn = np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)
    return [Embedding(one, "p-1") for one in drawn]


def cohort() -> Cohort:
    strangers = np.random.default_rng(9).normal(size=(60, 16)).astype(np.float32)
    return Cohort("p-1", strangers, nearest=20)


@pytest.mark.parametrize("strangers", [None, cohort()], ids=["plain", "normalised"])
def test_scores_are_those_of_a_search(
    strangers: Cohort | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Several chunks, and an uneven last one.
    monkeypatch.setattr(impostors, "_CHUNK", 7)
    enrolled = people(30)
    found = compare_everybody(enrolled, strangers)
    assert (found.people, found.pairs, len(found.highest)) == (30, 435, 9)
    assert list(found.highest) == sorted(found.highest, reverse=True)
    for index, one in enumerate(enrolled):
        others = ((str(n), who) for n, who in enumerate(enrolled) if n != index)
        (match,) = Gallery("p-1", others, strangers).search([one])
        assert match is not None
        assert found.best[index] == pytest.approx(match.score, abs=1e-4)
    assert found.highest[0] == pytest.approx(found.best.max())


def test_the_tail_is_that_of_all_the_scores() -> None:
    enrolled = people(150)
    found = compare_everybody(enrolled, cohort())
    scores = []
    for index, other in enumerate(enrolled[:-1], start=1):
        for match in Gallery("p-1", [("", other)], cohort()).search(enrolled[index:]):
            assert match is not None
            scores.append(match.score)
    fitted, ours = Tail.fit(np.array(scores), 150), found.tail()
    assert ours is not None
    assert (ours.comparisons, ours.people) == (11175, 150)
    assert (ours.start, ours.scale) == pytest.approx((fitted.start, fitted.scale), rel=0.02)
    assert ours.score_at(1e-5) == pytest.approx(fitted.score_at(1e-5), rel=0.01)


def test_few_people_make_no_tail() -> None:
    assert compare_everybody(people(100), None).tail() is None
    assert compare_everybody(people(101), None).tail() is not None


@pytest.mark.parametrize(
    "templates",
    [
        [],
        people(1),
        [*people(2), Embedding(np.ones(16, np.float32), "p-2")],
        [*people(2), Embedding(np.ones(8, np.float32), "p-1")],
        [*people(2), Embedding(np.full(16, np.nan, np.float32), "p-1")],
    ],
    ids=["nobody", "one", "another pack", "another length", "no numbers"],
)
def test_what_cannot_be_compared_is_an_error(templates: list[Embedding]) -> None:
    with pytest.raises(MatcherError):
        compare_everybody(templates, None)
