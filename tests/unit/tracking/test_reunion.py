"""A track that ended is taken up again by the same face only."""

import pytest

from streamer.tracking.evidence import Shot, TrackEvidence
from streamer.tracking.reunion import LOST_S, returned
from tests.fakes.matcher import embedding_of


def evidence(person: int, *times: float, noise: float = 0.0) -> TrackEvidence:
    made = TrackEvidence(capacity=8, other_person=0.5)
    for at in times:
        made.take(Shot(embedding_of(person, noise), at, 1.0))
    return made


ANNA = evidence(0, 0.0, 0.2, 0.4)
BOTA = evidence(1, 0.0, 0.2, 0.4)


def test_the_same_face_is_the_same_track() -> None:
    assert returned(evidence(0, 2.0, 2.2, noise=0.3), {4: BOTA, 7: ANNA}) == 7


@pytest.mark.parametrize(
    ("new", "ended"),
    [
        (evidence(2, 2.0, 2.2), {7: ANNA, 4: BOTA}),
        (evidence(0, 2.0, 2.2, noise=0.4), {7: ANNA}),
        (evidence(0, 2.0), {7: ANNA}),
        (evidence(0, 2.0, 2.2), {7: ANNA, 8: evidence(0, 0.1, 0.3)}),
        (evidence(0, 0.3, 0.5), {7: ANNA}),
        (evidence(0, 0.5 + LOST_S, 0.7 + LOST_S), {7: ANNA}),
        (evidence(0, 2.0, 2.2), {7: evidence(0)}),
        (evidence(0, 2.0, 2.2), {}),
    ],
    ids=[
        "somebody else",
        "not near enough",
        "a single shot",
        "two of them alike",
        "seen at the same time",
        "long ago",
        "nothing known of it",
        "nobody before",
    ],
)
def test_otherwise_it_is_a_new_one(new: TrackEvidence, ended: dict[int, TrackEvidence]) -> None:
    assert returned(new, ended) is None


def test_joined_evidence_keeps_its_bound_and_goes_on() -> None:
    first, later = evidence(0, *(0.1 * i for i in range(8))), evidence(0, 3.0, 3.2, noise=0.1)
    first.join(later)
    assert len(first.shots) == 8
    assert first.confirmed_at == 3.2
    assert {3.0, 3.2} & {shot.taken_at for shot in first.shots}
