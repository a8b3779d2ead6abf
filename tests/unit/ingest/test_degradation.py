"""When frames that come are still not good enough, and for how long that is said."""

from dataclasses import replace
from itertools import pairwise

import pytest

from streamer.ingest.condition import Condition, Decoding
from streamer.ingest.degradation import DROPPING, Degradation

FINE = Condition(Decoding.SOFTWARE, "h264", 1280, 720, 8)


def judge(degradation: Degradation, now: float) -> str:
    return degradation.reason(now, forced_keyframes=False)


def play(degradation: Degradation, seconds: range, dropped_of_ten: int) -> str:
    """Ten frames a second; each call goes on with totals of its own share."""
    for now in seconds:
        degradation.count(now, now * (10 - dropped_of_ten), now * dropped_of_ten)
    return judge(degradation, seconds[-1])


def test_flaws_are_named_together_and_end() -> None:
    one = Degradation()
    assert judge(one, 0) == ""
    one.see(replace(FINE, dark=True, moved=True, keyframes_only=True))
    assert judge(one, 1) == "dark, moved"
    assert one.reason(9, forced_keyframes=True) == "dark, moved, keyframes only"
    one.see(FINE)
    assert judge(one, 20) == ""


@pytest.mark.parametrize(("dropped", "said"), [(0, ""), (2, ""), (3, DROPPING), (10, DROPPING)])
def test_more_than_a_fifth_dropped(dropped: int, said: str) -> None:
    assert play(Degradation(), range(60), dropped) == said


def test_a_moment_of_dropping_is_nothing() -> None:
    assert play(Degradation(), range(10), 10) == ""


def test_it_ends_well_below_where_it_began() -> None:
    one = Degradation()
    one.count(0, 0, 0)
    one.count(60, 70, 30)
    assert judge(one, 60) == DROPPING
    one.count(120, 155, 45)
    assert judge(one, 120) == DROPPING
    one.count(180, 250, 50)
    assert judge(one, 180) == ""


def test_no_frames_are_no_dropped_frames() -> None:
    one = Degradation()
    for now in range(0, 100, 2):
        one.count(now, 500, 500)
    assert judge(one, 100) == ""


def test_a_flickering_flaw_changes_the_reason_once_in_five_seconds_at_most() -> None:
    one = Degradation()
    said = []
    for tenth in range(600):
        one.see(replace(FINE, dark=tenth % 2 == 0))
        said.append(judge(one, tenth / 10))
    changes = sum(a != b for a, b in pairwise(said))
    assert changes <= 12


def test_a_new_connection_begins_without_flaws() -> None:
    one = Degradation()
    one.see(replace(FINE, covered=True))
    assert judge(one, 1) == "covered"
    one.reconnected()
    assert judge(one, 1.5) == ""
