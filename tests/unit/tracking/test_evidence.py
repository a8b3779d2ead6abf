"""The best shots of a track: which are kept, and when the person has changed."""

import numpy as np

from streamer.tracking.evidence import Shot, TrackEvidence
from tests.fakes.matcher import embedding_of


def shots(*people: int) -> list[Shot]:
    return [Shot(embedding_of(one, 0.1), 0.0, 1.0) for one in people]


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
