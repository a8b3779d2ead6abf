import random

import pytest

from streamer.ingest.backoff import Backoff
from streamer.ingest.protocol import FailureKind


class Longest(random.Random):
    """No jitter: always the upper end."""

    def uniform(self, a: float, b: float) -> float:
        return b


class Shortest(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return a


def test_doubles_from_one_to_ten_seconds() -> None:
    backoff = Backoff(Longest())
    delays = [backoff.next_delay(FailureKind.UNREACHABLE, healthy_s=0) for _ in range(7)]
    assert delays == [1, 2, 4, 8, 10, 10, 10]


def test_jitter_at_most_halves_a_delay() -> None:
    backoff = Backoff(Shortest())
    delays = [backoff.next_delay(FailureKind.STALLED, healthy_s=0) for _ in range(5)]
    assert delays == [0.5, 1, 2, 4, 5]


@pytest.mark.parametrize("kind", [FailureKind.UNAUTHORIZED, FailureKind.BUSY])
def test_a_camera_that_refuses_is_left_alone_for_a_minute(kind: FailureKind) -> None:
    assert Backoff(Longest()).next_delay(kind, healthy_s=0) == 60
    assert Backoff(Shortest()).next_delay(kind, healthy_s=99) == 54


@pytest.mark.parametrize("kind", [FailureKind.DIED, FailureKind.STALLED, FailureKind.ENDED])
def test_a_healthy_run_is_followed_by_a_quick_retry(kind: FailureKind) -> None:
    backoff = Backoff(Longest())
    for _ in range(20):
        backoff.next_delay(FailureKind.UNREACHABLE, healthy_s=0)
    assert backoff.next_delay(kind, healthy_s=120) == 1


@pytest.mark.parametrize("kind", [FailureKind.DIED, FailureKind.STALLED])
def test_seconds_of_frames_are_no_health_yet_but_shorten_the_wait(kind: FailureKind) -> None:
    backoff = Backoff(Longest())
    assert [backoff.next_delay(kind, healthy_s=5) for _ in range(5)] == [1, 2, 4, 4, 4]
    for _ in range(20):
        backoff.next_delay(FailureKind.UNREACHABLE, healthy_s=0)
    assert backoff.next_delay(kind, healthy_s=5) == 4


def test_a_recycled_decoder_is_replaced_at_once_unless_it_grows_by_the_minute() -> None:
    backoff = Backoff(Longest())
    assert backoff.next_delay(FailureKind.RECYCLED, healthy_s=60) == 0
    assert [backoff.next_delay(FailureKind.RECYCLED, healthy_s=59) for _ in range(3)] == [1, 2, 4]


def test_one_frame_now_and_then_is_no_health() -> None:
    backoff = Backoff(Longest())
    delays = [backoff.next_delay(FailureKind.OTHER, healthy_s=0.1) for _ in range(5)]
    assert delays == [1, 2, 4, 8, 10]


def test_a_stream_that_ends_after_frames_is_opened_again_after_a_second() -> None:
    backoff = Backoff(Longest())
    assert [backoff.next_delay(FailureKind.ENDED, healthy_s=0.5) for _ in range(4)] == [1] * 4
    assert [backoff.next_delay(FailureKind.ENDED, healthy_s=0) for _ in range(3)] == [1, 2, 4]


def test_a_thousand_failures_do_not_overflow() -> None:
    backoff = Backoff(Longest())
    for _ in range(5000):
        assert backoff.next_delay(FailureKind.OTHER, healthy_s=0) <= 10
