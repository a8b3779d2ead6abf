"""The tracker joins one person's faces and keeps two people's apart."""

import pytest

from streamer.tracking.tracker import Tracker
from tests.fakes.matcher import face_at
from tests.tracking.measuring import measure_crossings
from tests.tracking.peers import Ours


def ids(tracker: Tracker, xs: list[float], at: float, width: float = 60.0) -> list[int]:
    return [one.track_id for one in tracker.update([face_at(x, width=width) for x in xs], at)]


def test_a_walking_person_is_one_track() -> None:
    tracker = Tracker("lobby-1")
    seen = {ids(tracker, [50.0 + 40.0 * step], 0.2 * step)[0] for step in range(10)}
    assert seen == {0}


def test_faces_seen_and_times_are_counted() -> None:
    tracker = Tracker("lobby-1")
    for step in range(3):
        (track,) = tracker.update([face_at(100.0)], 10.0 + 0.2 * step)
    assert (track.faces_seen, track.first_seen) == (3, 10.0)
    assert track.last_seen == pytest.approx(10.4)


def test_two_people_passing_each_other_keep_their_tracks() -> None:
    tracker = Tracker("lobby-1")
    for step in range(12):
        left, right = 50.0 + 35.0 * step, 435.0 - 35.0 * step
        tracks = tracker.update([face_at(left, y=100), face_at(right, y=125)], 0.2 * step)
    assert [one.track_id for one in tracks] == [0, 1]


def test_order_of_faces_does_not_matter() -> None:
    tracker = Tracker("lobby-1")
    ids(tracker, [50.0, 400.0], 0.0)
    assert ids(tracker, [405.0, 55.0], 0.2) == [1, 0]


@pytest.mark.parametrize(
    ("x", "width", "gap", "same"),
    [
        (100.0, 60.0, 0.2, True),
        (100.0, 60.0, 0.9, True),
        (100.0, 60.0, 1.1, False),
        (300.0, 60.0, 0.2, False),
        (100.0, 130.0, 0.2, False),
        (90.0, 80.0, 0.2, True),
    ],
    ids=["still", "short gap", "long gap", "elsewhere", "twice as large", "coming closer"],
)
def test_when_a_face_continues_a_track(x: float, width: float, gap: float, same: bool) -> None:
    tracker = Tracker("lobby-1")
    first = ids(tracker, [100.0], 0.0)
    assert (ids(tracker, [x], gap, width) == first) is same


def test_an_ended_track_is_forgotten_and_its_number_not_used_again() -> None:
    tracker = Tracker("lobby-1")
    ids(tracker, [100.0], 0.0)
    tracker.update([], 5.0)
    assert tracker.live_ids == frozenset()
    assert ids(tracker, [100.0], 5.2) == [1]


def test_a_crowd_without_anybody_is_no_track() -> None:
    assert Tracker("lobby-1").update([], 0.0) == ()


def test_a_split_track_goes_on_under_a_new_number() -> None:
    tracker = Tracker("lobby-1")
    tracker.update([face_at(100.0)], 0.0)
    (track,) = tracker.update([face_at(100.0)], 0.2)
    split = tracker.split(track)
    assert (split.track_id, split.faces_seen, split.first_seen) == (1, 1, 0.2)
    assert ids(tracker, [100.0], 0.4) == [1]


def test_who_crosses_the_picture_is_followed_from_the_second_face_on() -> None:
    """Two face widths a frame: the second face lies beyond any overlap of the first."""
    tracker = Tracker("lobby-1")
    assert {ids(tracker, [100.0 + 120.0 * step], 0.2 * step)[0] for step in range(8)} == {0}


def test_a_pause_while_walking_is_bridged_where_the_walk_leads() -> None:
    tracker = Tracker("lobby-1")
    for step in range(6):
        ids(tracker, [100.0 + 60.0 * step], 0.2 * step)
    # Four frames behind a pillar; meanwhile somebody else stands where the walker vanished.
    assert ids(tracker, [400.0, 700.0], 2.0) == [1, 0]


def test_a_faint_face_continues_a_track_and_begins_none() -> None:
    tracker = Tracker("lobby-1")
    tracker.update([face_at(100.0)], 0.0)
    half_hidden, nobody = face_at(110.0, score=0.35), face_at(400.0, score=0.35)
    (track,) = tracker.update([nobody, half_hidden], 0.2)
    assert (track.track_id, track.face) == (0, half_hidden)


def test_a_faint_face_takes_no_track_from_a_clear_one() -> None:
    tracker = Tracker("lobby-1")
    tracker.update([face_at(100.0)], 0.0)
    clear = face_at(112.0)
    (track,) = tracker.update([face_at(100.0, score=0.4), clear], 0.2)
    assert track.face is clear


def test_a_resumed_track_goes_on_under_its_old_number() -> None:
    tracker = Tracker("lobby-1")
    tracker.update([face_at(100.0)], 0.0)
    (track,) = tracker.update([face_at(500.0)], 3.0)
    assert tracker.resume(track, 0).track_id == 0
    assert ids(tracker, [500.0], 3.2) == [0]


@pytest.mark.parametrize(
    ("fps", "seeds", "idf1", "switches"), [(25.0, 4, 0.93, 7), (5.0, 12, 0.89, 40)]
)
def test_generated_crossings(fps: float, seeds: int, idf1: float, switches: int) -> None:
    total = measure_crossings(Ours, fps, range(seeds))
    assert total.idf1 >= idf1
    assert total.switches <= switches
