import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.ingest.pacer import Pacer


def taken(fps: float, arrivals: list[float]) -> list[float]:
    pacer = Pacer(fps)
    return [at for at in arrivals if pacer.take(at)]


def test_the_first_frame_is_taken_at_once() -> None:
    assert Pacer(0.1).take(123456.0)


def test_every_fifth_frame_of_25_at_5() -> None:
    assert taken(5, [n / 25 for n in range(50)])[:4] == [0.0, 4 / 25, 9 / 25, 14 / 25]


@pytest.mark.parametrize(("camera_fps", "fps"), [(25, 5), (25, 10), (15, 4), (8, 5), (30, 7.5)])
def test_the_rate_is_kept_over_an_hour(camera_fps: int, fps: float) -> None:
    seconds = 3600
    chosen = taken(fps, [n / camera_fps for n in range(seconds * camera_fps)])
    assert abs(len(chosen) - seconds * fps) <= 1


def test_a_jittery_camera_no_faster_than_the_pace_loses_nothing() -> None:
    chance = random.Random(1)
    arrivals = [n / 5 + chance.uniform(0, 0.045) for n in range(1000)]
    assert taken(5, arrivals) == arrivals


def test_frames_are_evenly_spaced() -> None:
    chosen = taken(5, [n / 25 for n in range(500)])
    assert {round(b - a, 3) for a, b in itertools.pairwise(chosen[1:])} == {0.2}


def test_after_a_gap_the_missed_frames_are_not_made_up_for() -> None:
    chosen = taken(5, [0.0, 60.0, 60.04, 60.08, 60.12, 60.16, 60.2])
    assert chosen == [0.0, 60.0, 60.16]


@given(
    st.floats(0.1, 30),
    st.lists(st.floats(0, 3), min_size=1, max_size=200),
)
def test_never_more_than_the_pace_whatever_arrives(fps: float, gaps: list[float]) -> None:
    now, arrivals = 0.0, []
    for gap in gaps:
        now += gap
        arrivals.append(now)
    chosen = taken(fps, arrivals)
    assert len(chosen) <= (arrivals[-1] - arrivals[0]) * fps + 2
