"""A vote is accepted only where frames agree, the distance is small and the runner-up far."""

import numpy as np
import pytest

from matcher.face import Match
from streamer.tracking.assignment import assign
from streamer.tracking.evidence import Shot, TrackEvidence
from streamer.tracking.voting import Vote, VoteLimits, vote
from tests.fakes.matcher import FakeGallery, embedding_of

LIMITS = VoteLimits(
    max_distance=0.33, max_frame_distance=0.5, min_margin=0.05, min_agreeing_frames=3
)
GALLERY = FakeGallery({"anna": 0, "bota": 1})


def shots(*people: int, noise: float = 0.1) -> list[Shot]:
    return [Shot(embedding_of(one, noise), 0.0, 1.0) for one in people]


@pytest.mark.parametrize(
    ("seen", "owner"),
    [
        (shots(0, 0, 0), "anna"),
        (shots(0, 0, 0, 1), "anna"),
        (shots(0, 0), None),
        (shots(0, 0, 1), None),
        (shots(0, 0, 0, 1, 1, 1), None),
        (shots(0, 0, 0, noise=0.32), "anna"),
        (shots(0, 0, 0, noise=0.34), None),
        (shots(5, 5, 5), None),
        ([], None),
    ],
    ids=[
        "three agree",
        "one strays",
        "too few",
        "two of three",
        "no majority",
        "just near enough",
        "just too far",
        "a stranger",
        "nothing",
    ],
)
def test_vote(seen: list[Shot], owner: str | None) -> None:
    accepted = vote(seen, GALLERY, LIMITS)
    assert (accepted.match.owner if accepted else None) == owner


def test_the_runner_up_must_be_farther() -> None:
    class Twins:
        def search(self, probes: object) -> list[Match]:
            return [Match("anna", 0.2, -0.2, 0.04, "bota")] * len(list(probes))  # type: ignore[call-overload]

    assert vote(shots(0, 0, 0), Twins(), LIMITS) is None


def test_a_gallery_of_one_does_not_name_everybody() -> None:
    """Each shot's nearest is the only template, and noise cancels in the mean."""
    alone = FakeGallery({"anna": 0})
    scattered = []
    for axis in range(10, 18):
        one = embedding_of(0)
        one.vector[axis] = 0.55
        scattered.append(Shot(one, 0.0, 1.0))
    assert vote(scattered, alone, LIMITS) is None


def test_an_empty_gallery_names_nobody() -> None:
    assert vote(shots(0, 0, 0), FakeGallery({}), LIMITS) is None


def test_only_agreeing_frames_are_fused() -> None:
    accepted = vote(shots(0, 0, 0, 1, noise=0.0), GALLERY, LIMITS)
    assert accepted is not None
    assert accepted.match.distance == 0.0
    assert accepted.frames_agreeing == 3


def test_one_person_is_one_track_of_a_frame() -> None:
    near, far = (
        Vote(Match("anna", 0.2, -0.2, 1.0, None), 3, "p"),
        Vote(Match("anna", 0.3, -0.3, 1.0, None), 4, "p"),
    )
    other = Vote(Match("bota", 0.3, -0.3, 1.0, None), 3, "p")
    assert assign({7: far, 8: near, 9: other}) == {8: near, 9: other}
    assert assign({8: near, 7: far}) == {8: near}


def test_evidence_keeps_the_best_and_forgets_the_old() -> None:
    evidence = TrackEvidence(capacity=2, other_person=0.5, max_age_s=10.0)
    for at, worth in ((0.0, 0.5), (1.0, 0.9), (2.0, 0.7)):
        assert evidence.wants(worth, at)
        assert not evidence.take(Shot(embedding_of(0), at, worth))
    assert [shot.worth for shot in evidence.shots] == [0.9, 0.7]
    assert not evidence.wants(0.6, 2.2)
    assert evidence.wants(0.6, 2.4)
    assert evidence.wants(0.1, 11.5)
    assert [shot.worth for shot in evidence.shots] == [0.7]


def test_a_pose_held_for_long_does_not_push_out_the_others() -> None:
    evidence = TrackEvidence(capacity=4, other_person=2.0)
    for person in (0, 1, 2):
        evidence.take(Shot(embedding_of(person), 0.0, 0.2))
    for step in range(20):
        evidence.take(Shot(embedding_of(3, 0.01 * step), 1.0, 0.9))
    kept = {int(np.argmax(shot.embedding.vector)) for shot in evidence.shots}
    assert kept == {0, 1, 2, 3}


def test_two_odd_shots_in_a_row_are_the_next_person() -> None:
    evidence = TrackEvidence(capacity=8, other_person=0.5)
    taken = [evidence.take(one) for one in shots(0, 0, 0, 1, 0, 1, 1)]
    assert taken == [False] * 6 + [True]
    assert len(evidence.shots) == 4
    assert [one.embedding.vector[1] for one in evidence.successor().shots] == [1.0, 1.0]


def test_a_track_just_begun_is_not_doubted() -> None:
    evidence = TrackEvidence(capacity=8, other_person=0.5)
    assert [evidence.take(one) for one in shots(0, 0, 1)] == [False] * 3
