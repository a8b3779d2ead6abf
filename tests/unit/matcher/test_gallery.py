import math

import numpy as np
import pytest

from matcher.cohort import Cohort, CohortScores
from matcher.errors import MatcherError
from matcher.face import Embedding, Vector, fuse
from matcher.gallery import Gallery

PACK = "test-1"


def embedding(*values: float, pack: str = PACK) -> Embedding:
    return Embedding(np.array(values, np.float32), pack)


def test_finds_the_nearest_with_its_margin() -> None:
    people = [("a", embedding(0, 0)), ("b", embedding(3, 4)), ("c", embedding(0, 9))]
    gallery = Gallery(PACK, people)
    near_b, near_a = gallery.search([embedding(3, 4), embedding(0, 1)])
    assert near_b is not None
    assert (near_b.owner, near_b.distance, near_b.margin) == ("b", 0.0, 5.0)
    assert near_a is not None
    assert (near_a.owner, near_a.distance) == ("a", 1.0)
    assert near_a.margin == pytest.approx(math.sqrt(18) - 1)


def test_agrees_with_plain_distances_on_many() -> None:
    rng = np.random.default_rng(5)
    rows = rng.normal(0, 0.1, (700, 128)).astype(np.float32)
    gallery = Gallery(PACK, [(str(i), Embedding(row, PACK)) for i, row in enumerate(rows)])
    noise = rng.normal(0, 0.01, (150, 128)).astype(np.float32)
    probes = [Embedding(row, PACK) for row in rows[:150] + noise]
    for index, (probe, match) in enumerate(zip(probes, gallery.search(probes), strict=True)):
        plain = np.sort(np.linalg.norm(rows.astype(np.float64) - probe.vector, axis=1))
        assert match is not None
        assert match.owner == str(index)
        assert match.distance == pytest.approx(plain[0], abs=1e-9)
        assert match.margin == pytest.approx(plain[1] - plain[0], abs=1e-9)


def test_nearly_equal_long_vectors_keep_their_digits() -> None:
    base = np.full(128, 1000.0, np.float32)
    near, far = base.copy(), base.copy()
    near[0] += 0.5
    far[0] += 1.0
    gallery = Gallery(PACK, [("far", Embedding(far, PACK)), ("near", Embedding(near, PACK))])
    (match,) = gallery.search([Embedding(base, PACK)])
    assert match is not None
    assert (match.owner, match.distance, match.margin) == ("near", 0.5, 0.5)


def test_alone_has_an_infinite_margin() -> None:
    (match,) = Gallery(PACK, [("a", embedding(1, 0))]).search([embedding(0, 0)])
    assert match is not None
    assert match.margin == math.inf


def test_equal_templates_have_no_margin() -> None:
    twins = [("a", embedding(1, 0)), ("b", embedding(1, 0))]
    (match,) = Gallery(PACK, twins).search([embedding(0, 0)])
    assert match is not None
    assert match.margin == 0


def test_an_empty_gallery_knows_nobody() -> None:
    gallery = Gallery(PACK)
    assert len(gallery) == 0
    assert gallery.owners == ()
    assert gallery.search([embedding(1, 2), embedding(3, 4)]) == [None, None]


def test_no_probe_no_match() -> None:
    assert Gallery(PACK, [("a", embedding(1))]).search([]) == []


def test_other_packs_are_refused() -> None:
    foreign = embedding(1, 2, pack="other-1")
    with pytest.raises(MatcherError, match=r"other-1.*cannot be compared"):
        Gallery(PACK, [("a", foreign)])
    for gallery in (Gallery(PACK), Gallery(PACK, [("a", embedding(1, 2))])):
        with pytest.raises(MatcherError, match="cannot be compared"):
            gallery.search([foreign])


@pytest.mark.parametrize("bad", [(np.nan, 0.0), (np.inf, 0.0), (1.0,), (1.0, 2.0, 3.0)])
def test_bad_vectors_are_refused(bad: tuple[float, ...]) -> None:
    gallery = Gallery(PACK, [("a", embedding(1, 2))])
    with pytest.raises(MatcherError):
        gallery.search([embedding(*bad)])
    with pytest.raises(MatcherError):
        Gallery(PACK, [("a", embedding(1, 2)), ("b", embedding(*bad))])
    with pytest.raises(MatcherError):
        fuse([embedding(1, 2), embedding(*bad)])


def test_an_owner_twice_is_refused() -> None:
    with pytest.raises(MatcherError, match="two templates"):
        Gallery(PACK, [("a", embedding(1)), ("a", embedding(2))])


def test_the_gallery_keeps_its_own_copy() -> None:
    vector = np.array([1, 0], np.float32)
    gallery = Gallery(PACK, [("a", Embedding(vector, PACK))])
    vector[:] = 9
    (match,) = gallery.search([embedding(1, 0)])
    assert match is not None
    assert match.distance == 0


def test_fusing_is_the_mean() -> None:
    fused = fuse([embedding(1, 2), embedding(3, 6)])
    assert fused.vector.tolist() == [2, 4]
    assert fused.vector.dtype == np.float32
    assert fused.pack_id == PACK


def test_fusing_nothing_or_across_packs_is_refused() -> None:
    with pytest.raises(MatcherError, match="no embedding"):
        fuse([])
    with pytest.raises(MatcherError, match="cannot be compared"):
        fuse([embedding(1), embedding(1, pack="other-1")])


def _people(*numbers: int) -> list[tuple[str, Embedding]]:
    return [
        (str(n), Embedding(np.random.default_rng(n).normal(size=16).astype(np.float32), PACK))
        for n in numbers
    ]


@pytest.mark.parametrize("with_cohort", [True, False])
def test_a_changed_gallery_is_as_one_made_anew(with_cohort: bool) -> None:
    rng = np.random.default_rng(3)
    cohort = Cohort(PACK, rng.normal(size=(50, 16)).astype(np.float32), 20) if with_cohort else None
    again = ("4", _people(40)[0][1])
    before = Gallery(PACK, _people(*range(30)), cohort)
    probes = [one for _, one in _people(4, 7, 40, 31, 99)]
    untouched = before.search(probes)
    changed = before.changed(["4", "7", "nobody"], [again, *_people(31, 32)])
    expected = Gallery(
        PACK,
        [*(one for one in _people(*range(30)) if one[0] not in "47"), again, *_people(31, 32)],
        cohort,
    )
    assert changed.owners == expected.owners
    assert changed.search(probes) == expected.search(probes)
    assert before.search(probes) == untouched
    # Again and again, and down to nobody and up from there.
    emptied = changed.changed(changed.owners, [])
    assert len(emptied) == 0
    assert emptied.search(probes) == [None] * len(probes)
    refilled = emptied.changed([], _people(1)).changed(["1"], []).changed([], _people(2, 3))
    assert refilled.search(probes) == Gallery(PACK, _people(2, 3), cohort).search(probes)


def test_what_stays_is_not_normalised_again() -> None:
    normalised: list[int] = []

    class Counting(Cohort):
        def scores(self, vectors: Vector) -> CohortScores:
            normalised.append(len(vectors))
            return super().scores(vectors)

    cohort = Counting(PACK, np.random.default_rng(3).normal(size=(50, 16)).astype(np.float32), 20)
    Gallery(PACK, _people(*range(30)), cohort).changed(["1"], _people(31, 32))
    assert normalised == [30, 2]


def test_a_change_that_cannot_be_is_refused() -> None:
    gallery = Gallery(PACK, _people(1, 2))
    for wrong in (_people(1), [("3", embedding(1, 2))], [("3", embedding(*[0.0] * 16, pack="x"))]):
        with pytest.raises(MatcherError):
            gallery.changed([], wrong)
    assert gallery.owners == ("1", "2")
