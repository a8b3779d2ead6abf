from dataclasses import replace

import pytest

from streamer.bench.matcher_figures import Timings, matcher_figures
from streamer.bench.repetition import in_the_middle
from streamer.bench.taking_turns import taking_turns


def test_a_row_rests_on_medians() -> None:
    timings = Timings(ours=[0.2, 0.1, 9.0], bare=[0.1, 0.05, 7.0], cpu_s=0.6, other=[0.4])
    row = matcher_figures("embedder", "open", 4, 4, timings)
    assert row.per_second == pytest.approx(20)
    assert row.bare_per_second == pytest.approx(40)
    assert row.ratio == pytest.approx(0.5)
    assert row.faiss_per_second == pytest.approx(10)
    assert row.latency_p50_ms == pytest.approx(200)
    assert row.latency_p95_ms == pytest.approx(9000)
    assert row.cpu_ms == pytest.approx(50)


def test_the_row_in_the_middle_is_told_the_range() -> None:
    one = matcher_figures("search", "open", 1, 1, Timings([1.0], [1.0], 1.0))
    row = in_the_middle([replace(one, ratio=ratio) for ratio in (0.9, 0.7, 0.8)])
    assert (row.ratio, row.ratio_least, row.ratio_most, row.measurements) == (0.8, 0.7, 0.9, 3)


@pytest.mark.parametrize("third", [False, True])
def test_contenders_take_turns_and_the_first_changes(third: bool) -> None:
    done: list[str] = []
    timings = taking_turns(
        lambda: done.append("a"),
        lambda: done.append("b"),
        0.0,
        (lambda: done.append("c")) if third else None,
    )
    if third:
        assert "".join(done) == "abc" + "abc" + "bca" + "cab"
    else:
        assert "".join(done) == "ab" + "ab" + "ba" + "ab"
    assert len(timings.ours) == len(timings.bare) == 3
    assert len(timings.other) == (3 if third else 0)
