"""What is left out when a decoder falls behind, and what never is."""

import pytest

from streamer.ingest.lateness import Lateness

FPS = 10
GOP = 20


class Stream:
    """Packets of a camera at ten a second with a keyframe every two seconds."""

    def __init__(self, gop: int = GOP) -> None:
        self.lateness = Lateness()
        self.number = 0
        self._gop = gop

    def take(
        self, now: float, *, sent: float | str | None = "even", waiting: bool | None = None
    ) -> bool:
        """Whether the next packet, taken at `now`, is left out; if late, others wait behind it."""
        keyframe = self.number % self._gop == 0
        time = self.number / FPS if sent == "even" else sent
        assert not isinstance(time, str)
        self.number += 1
        waits = now > self.number / FPS if waiting is None else waiting
        return self.lateness.leaves_out(time, now, keyframe=keyframe, waiting=waits)

    def take_in_time(self, seconds: float, delay: float = 0.0) -> list[bool]:
        return [self.take(self.number / FPS + delay) for _ in range(round(seconds * FPS))]


def slowed(stream: Stream, seconds: float, work: float) -> list[bool]:
    """Packets that take `work` seconds each to decode and none to leave out, as long as it says."""
    began = now = stream.number / FPS
    left_out = []
    while now < began + seconds:
        now = max(now, stream.number / FPS)
        left_out.append(stream.take(now))
        if not left_out[-1]:
            now += work
    return left_out


def test_a_decoder_that_keeps_up_leaves_nothing_out() -> None:
    stream = Stream()
    assert not any(stream.take_in_time(60))
    assert not any(slowed(stream, 60, work=0.9 / FPS))


def test_one_that_is_too_slow_leaves_out_and_is_never_far_behind() -> None:
    stream = Stream()
    stream.take_in_time(5)
    began = now = stream.number / FPS
    delays, left_out = [], 0
    while now < began + 60:
        sent = stream.number / FPS
        now = max(now, sent)
        if stream.take(now):
            left_out += 1
        else:
            delays.append(now - sent)
            now += 2.0 / FPS
    assert max(delays) < 2.5
    assert 0.3 < left_out / (60 * FPS) < 0.8


def test_it_begins_again_at_a_keyframe() -> None:
    stream = Stream()
    stream.take_in_time(5)
    left_out = slowed(stream, 30, work=2.0 / FPS)
    resumed = [
        number
        for number in range(1, len(left_out))
        if left_out[number - 1] and not left_out[number]
    ]
    assert resumed
    assert all((5 * FPS + number) % GOP == 0 for number in resumed)


@pytest.mark.parametrize("pause", [0.9, 3.0, 20.0])
def test_what_a_network_held_up_is_decoded(pause: float) -> None:
    stream = Stream()
    stream.take_in_time(10)
    resumed = stream.number / FPS + pause
    held = [stream.take(resumed + 0.005 * number) for number in range(round(pause * FPS))]
    assert not any(held)
    assert not any(stream.take_in_time(20, delay=0.05))


def test_a_camera_that_is_late_itself_is_taken_as_it_is() -> None:
    stream = Stream()
    stream.take_in_time(10)
    assert not any(stream.take(stream.number / FPS + 3.0, waiting=False) for _ in range(300))


@pytest.mark.parametrize("drift", [-0.01, 0.01])
def test_a_clock_that_goes_wrong_is_no_delay(drift: float) -> None:
    stream = Stream()
    for number in range(3600 * FPS):
        waiting = number % 50 > 0
        assert not stream.take(number / FPS * (1 + drift), waiting=waiting)


def test_times_that_say_nothing_leave_nothing_out() -> None:
    for times in (
        [None] * 600,
        [0.0] * 600,
        [-number / FPS for number in range(600)],
        [number / FPS + 3600.0 * (number // 20) for number in range(600)],
        [number / FPS - 3600.0 * (number // 20) for number in range(600)],
    ):
        stream = Stream()
        assert not any(stream.take(number / FPS, sent=sent) for number, sent in enumerate(times)), (
            times[:3]
        )


def test_with_rare_keyframes_all_is_decoded_however_late() -> None:
    stream = Stream(gop=30 * FPS)
    stream.take_in_time(70)
    assert not any(slowed(stream, 60, work=2.0 / FPS))
