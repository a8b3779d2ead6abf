"""The clock in the picture, and what is made of the figures."""

import numpy as np
import pytest

from streamer.bench.figures import ServiceSample
from streamer.bench.viewers.stamped_clip import read_stamp, stamp
from streamer.bench.viewers.viewers_figures import Watching, viewers_figures


@pytest.mark.parametrize("number", [0, 1, 299, 512, 1023])
def test_the_clock_can_be_read_in_a_bad_picture(number: int) -> None:
    noise = np.random.default_rng(number).integers(-40, 40, (720, 1280))
    picture = np.full((720, 1280, 3), 90, dtype=np.uint8)
    stamp(picture, number)
    luma = np.clip(picture[..., 0] + noise, 0, 255).astype(np.uint8)
    assert read_stamp(luma) == number


def test_a_picture_without_a_clock_says_nothing() -> None:
    assert read_stamp(np.full((720, 1280), 90, dtype=np.uint8)) is None


def test_delays_are_those_of_the_round_in_which_a_picture_was_sent() -> None:
    watching = Watching(10.0, (150,), [(1000.1, 0), (1020.3, 1), (1019.0, 290)], 1000.0, 300, 15)
    assert watching.delays_s == pytest.approx([0.1, 0.3 - 1 / 15], abs=1e-6)


def sample(service_cpu_s: float, live_cpu_s: float = 0.0) -> ServiceSample:
    return ServiceSample(
        10.0, service_cpu_s, 1.0, 0.0, 5.0, 0, 50, 0, 0, 200.0, 40.0, (), (), (), live_cpu_s
    )


def test_cost_is_counted_for_each_viewer() -> None:
    watching = Watching(10.0, (150, 150), [(1000.1, 0)], 1000.0, 300, 15)
    row = viewers_figures(sample(3.4, 0.3), 2, (0.3, 1.0), sample(3.0), watching, None)
    assert (row.cpu_per_viewer, row.cpu_more) == pytest.approx((0.015, 0.02))
    assert row.ratio == pytest.approx(0.05)
    assert (row.fps, row.fps_least, row.idle_cpu) == pytest.approx((15.0, 15.0, 0.25))
    assert row.delay_p50_ms == pytest.approx(100)


def test_without_viewers_there_is_nothing_to_divide_by() -> None:
    row = viewers_figures(sample(3.0), 2, (0.3, 1.0), None, None, None)
    assert (row.viewers, row.cpu_per_viewer, row.ratio, row.analysed_fps) == (0, None, None, 5.0)


def test_frames_that_did_not_arrive_make_nobody_cheaper() -> None:
    half = Watching(10.0, (75, 75), [], 1000.0, 300, 15)
    row = viewers_figures(sample(3.0, 0.3), 2, (0.3, 1.0), None, half, None)
    assert row.cpu_per_viewer == pytest.approx(0.03)
