import math

import pytest

from streamer.bench.figures import (
    BareCosts,
    Clip,
    ServiceSample,
    average,
    percentile,
    pipeline_figures,
)
from streamer.bench.repetition import in_the_middle
from streamer.errors import KirdiError

DETECTOR = (1, 384, 640, 3)
FOUR, EIGHT = (4, 150, 150, 3), (8, 150, 150, 3)
CLIP = Clip("lobby.mp4", 1920, 1080, 25.0)


def costs(factor: float = 1.0) -> BareCosts:
    return BareCosts(
        decode_s=0.003 * factor,
        convert_s=0.004 * factor,
        detector_s={DETECTOR: 0.030 * factor},
        embedder_s={FOUR: 0.010 * factor, EIGHT: 0.018 * factor},
    )


def sample(latencies: tuple[float, ...] = (), restarts: int = 0) -> ServiceSample:
    return ServiceSample(
        seconds=10.0,
        service_cpu_s=8.0,
        decoders_cpu_s=2.0,
        servers_cpu_s=0.5,
        idle_s=4.0,
        decoded=500,
        analysed=100,
        dropped=3,
        restarts=restarts,
        service_mb=300.0,
        decoder_mb=60.0,
        latencies_s=latencies,
        detector_runs=((DETECTOR, 100),),
        embedder_runs=((FOUR, 20), (EIGHT, 10)),
    )


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0),
        ([5.0], 0.95, 5.0),
        ([float(n) for n in range(1, 101)], 0.95, 95.0),
        ([1.0, 2.0], 1.0, 2.0),
        ([], 0.5, None),
    ],
)
def test_percentiles_are_nearest_rank(
    values: list[float], share: float, expected: float | None
) -> None:
    assert percentile(values, share) == expected


@pytest.mark.parametrize("share", [0.0, 1.01, math.nan])
def test_no_such_percentile(share: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile([1.0], share)


def test_the_bare_libraries_cost_what_the_work_costs() -> None:
    # 500 decodes, 100 conversions and detections, 20 batches of four and 10 of eight.
    assert costs().cpu_seconds(sample()) == pytest.approx(1.5 + 0.4 + 3.0 + 0.2 + 0.18)


def test_a_shape_nobody_measured_is_an_error() -> None:
    lacking = BareCosts(0.003, 0.004, {}, costs().embedder_s)
    with pytest.raises(KirdiError, match="the detector ran on 1x384x640x3, "):
        lacking.cpu_seconds(sample())


def test_costs_before_and_after_are_averaged() -> None:
    assert average(costs(1.0), costs(3.0)).cpu_seconds(sample()) == pytest.approx(
        costs(2.0).cpu_seconds(sample())
    )


def test_what_only_came_up_in_the_service_is_measured_after_it() -> None:
    before = BareCosts(0.003, 0.004, {}, costs().embedder_s)
    assert average(before, costs()).cpu_seconds(sample()) == pytest.approx(5.28)


def test_a_row_of_figures() -> None:
    row = pipeline_figures(CLIP, (4, 5.0), 2, sample((0.3, 0.1, 0.2)), costs())
    assert row.ratio == pytest.approx(10.0 / 5.28)
    assert row.fps_asked == 20.0
    assert row.fps == 10.0
    assert row.cpu_per_camera == pytest.approx(0.25)
    assert (row.service_cpu, row.decoders_cpu, row.servers_cpu) == (0.8, 0.2, 0.05)
    assert row.idle_cpu == 0.4
    assert row.bare_cpu == pytest.approx(0.528)
    assert row.embedded == 16.0
    assert row.check_ins == 3
    assert row.latency_p50_ms == pytest.approx(200.0)
    assert row.latency_p95_ms == pytest.approx(300.0)
    assert row.note == "p95 of few: the slowest of 3"


@pytest.mark.parametrize(("check_ins", "few"), [(1, True), (19, True), (20, False)])
def test_a_percentile_of_few_is_called_one(check_ins: int, few: bool) -> None:
    row = pipeline_figures(CLIP, (1, 5.0), 2, sample((0.1,) * check_ins), costs())
    assert ("p95 of few" in row.note) is few


@pytest.mark.parametrize(
    ("factors", "middle"), [([2.0], 2.0), ([4.0, 1.0, 2.0], 2.0), ([1.0, 4.0], 4.0)]
)
def test_of_several_measurements_the_one_in_the_middle_is_shown(
    factors: list[float], middle: float
) -> None:
    rows = [pipeline_figures(CLIP, (1, 5.0), 2, sample(), costs(factor)) for factor in factors]
    row = in_the_middle(rows)
    ratio = 10.0 / 5.28
    assert row.measurements == len(factors)
    assert row.ratio == pytest.approx(ratio / middle)
    assert row.bare_cpu == pytest.approx(0.528 * middle)
    assert row.ratio_least == pytest.approx(ratio / max(factors))
    assert row.ratio_most == pytest.approx(ratio / min(factors))


def test_a_camera_cannot_be_asked_for_more_frames_than_it_has() -> None:
    slow = Clip("slow.mp4", 640, 480, 4.0)
    assert pipeline_figures(slow, (2, 5.0), 0, sample(), costs()).fps_asked == 8.0


@pytest.mark.parametrize(
    ("people", "restarts", "note"),
    [
        (0, 0, "no face that can be enrolled"),
        (3, 0, "nobody was recognised"),
        (3, 2, "2 decoder processes"),
    ],
)
def test_what_a_row_has_to_say_is_said(people: int, restarts: int, note: str) -> None:
    row = pipeline_figures(CLIP, (1, 5.0), people, sample(restarts=restarts), costs())
    assert note in row.note
    assert row.latency_p50_ms is None
    assert row.latency_p95_ms is None
