"""A vote names somebody where frames agree, and accepts where nobody else is in question."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from matcher.face import Embedding, Match
from streamer.domain.identity import Band
from streamer.tracking.evidence import Shot
from streamer.tracking.fixed_thresholds import FixedThresholds
from streamer.tracking.voting import Vote, VoteLimits, vote
from tests.fakes.matcher import FakeGallery, embedding_of

LIMITS = VoteLimits(FixedThresholds(0.33, 0.05), frame_distance=0.5, min_agreeing_frames=3)
GALLERY = FakeGallery({"anna": 0, "bota": 1})
ACCEPT, REVIEW = Band.ACCEPT, Band.REVIEW


def shots(*people: int, noise: float = 0.1) -> list[Shot]:
    return [Shot(embedding_of(one, noise), 0.0, 1.0) for one in people]


@pytest.mark.parametrize(
    ("seen", "owner", "band"),
    [
        (shots(0, 0, 0), "anna", ACCEPT),
        (shots(0, 0, 0, 1), "anna", ACCEPT),
        (shots(0, 0), None, None),
        (shots(5, 5, 0, 0), None, None),
        (shots(5, 5, 5, 0, 0, 0), None, None),
        (shots(0, 0, 0, noise=0.32), "anna", ACCEPT),
        (shots(0, 0, 0, noise=0.34), "anna", REVIEW),
        (shots(0, 0, 0, noise=0.39), None, None),
        (shots(5, 5, 5), None, None),
        ([], None, None),
    ],
    ids=[
        "three agree",
        "one strays",
        "too few",
        "two of four",
        "no majority",
        "just alike enough",
        "for a person to look at",
        "just not",
        "a stranger",
        "nothing",
    ],
)
def test_vote(seen: list[Shot], owner: str | None, band: Band | None) -> None:
    taken = vote(seen, GALLERY, 2, LIMITS)
    assert (taken and taken.owner, taken and taken.band) == (owner, band)


@dataclass
class Siblings:
    """Says what a test wants of single shots, and of their mean."""

    singles: list[str]
    fused: Match

    def search(self, probes: Sequence[Embedding]) -> list[Match]:
        if len(probes) > 1:
            return [Match(one, 0.2, -0.2, 0.02, None) for one in self.singles]
        return [self.fused]


@pytest.mark.parametrize(
    ("singles", "fused", "band", "owners"),
    [
        ("aaab", Match("a", 0.2, -0.2, 0.3, "b"), ACCEPT, ["a"]),
        ("aaab", Match("a", 0.2, -0.2, 0.11, "b"), ACCEPT, ["a"]),
        ("aaab", Match("a", 0.2, -0.2, 0.09, "b"), REVIEW, ["a", "b"]),
        ("aaab", Match("a", 0.32, -0.32, 0.07, "b"), ACCEPT, ["a"]),
        ("aaab", Match("a", 0.32, -0.32, 0.05, "b"), REVIEW, ["a", "b"]),
        ("aaaa", Match("a", 0.2, -0.2, 0.01, "b"), REVIEW, ["a", "b"]),
        ("aabb", Match("a", 0.2, -0.2, 0.01, "b"), REVIEW, ["a", "b"]),
        ("aabb", Match("a", 0.2, -0.2, 0.30, "b"), REVIEW, ["a"]),
        ("aabb", Match("c", 0.2, -0.2, 0.30, "a"), None, []),
        ("abcd", Match("a", 0.2, -0.2, 0.01, "b"), None, []),
        ("aaaa", Match("b", 0.2, -0.2, 0.01, "a"), None, []),
    ],
    ids=[
        "another one far behind",
        "another one just far enough behind",
        "another one just not",
        "another one near, and just unknown",
        "another one near, and just in question",
        "twins, every frame for one",
        "twins, frames divided",
        "frames divided, the mean not",
        "the mean is a third one",
        "frames all over the place",
        "frames and mean disagree",
    ],
)
def test_whoever_else_is_in_question_is_left_to_a_person(
    singles: str, fused: Match, band: Band | None, owners: list[str]
) -> None:
    taken = vote(shots(0, 0, 0, 0), Siblings(list(singles), fused), 2, LIMITS)
    assert (taken and taken.band) == band
    assert [claim.owner for claim in (taken.claims if taken else ())] == owners


def test_the_runner_up_comes_with_a_score() -> None:
    fused = Match("a", 0.2, -0.2, 0.08, "b")
    taken = vote(shots(0, 0, 0), Siblings(["a"] * 3, fused), 2, LIMITS)
    assert taken is not None
    assert [claim.score for claim in taken.claims] == pytest.approx([-0.2, -0.28])


def test_thresholds_move_with_the_gallery() -> None:
    class Rising:
        def accept(self, gallery_size: int) -> float:
            return -0.40 + 0.001 * gallery_size

        def review(self, gallery_size: int) -> float:
            return -0.45 + 0.001 * gallery_size

    limits = VoteLimits(Rising(), 0.5, 3)

    def band(size: int) -> Band | None:
        taken = vote(shots(0, 0, 0, noise=0.3), GALLERY, size, limits)
        return taken.band if taken else None

    assert [band(size) for size in (60, 120, 200)] == [ACCEPT, REVIEW, None]
    # A handful of people is not asked for less than fifty are.
    for size, threshold in ((60, -0.34), (50, -0.35), (1, -0.35)):
        taken = vote(shots(0, 0, 0, noise=0.3), GALLERY, size, limits)
        assert taken is not None
        assert taken.threshold == pytest.approx(threshold)


def test_a_gallery_of_one_does_not_name_everybody() -> None:
    """Each shot's nearest is the only template, and noise cancels in the mean."""
    alone = FakeGallery({"anna": 0})
    scattered = []
    for axis in range(10, 18):
        one = embedding_of(0)
        one.vector[axis] = 0.55
        scattered.append(Shot(one, 0.0, 1.0))
    assert vote(scattered, alone, 1, LIMITS) is None


def test_an_empty_gallery_names_nobody() -> None:
    assert vote(shots(0, 0, 0), FakeGallery({}), 0, LIMITS) is None


def test_only_agreeing_frames_are_fused() -> None:
    taken = vote(shots(0, 0, 0, 1, noise=0.0), GALLERY, 2, LIMITS)
    assert isinstance(taken, Vote)
    assert taken.claims[0].score == 0.0
    assert taken.frames_agreeing == 3
