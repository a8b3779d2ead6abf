import pytest

from streamer.bench.schedule.schedule_figures import Spent, schedule_figures


def test_a_row_of_measurements() -> None:
    beside = Spent([0.002] * 20)
    row = schedule_figures("x", (20, 3), Spent([0.001] * 19 + [0.1], [0.5, 0.7]), "why", beside)
    assert (row.patients, row.appointments, row.samples, row.note) == (20, 3, 20, "why")
    assert (row.p50_ms, row.p95_ms, row.most_ms) == (1.0, 1.0, 100.0)
    assert row.cpu_ms == pytest.approx(600)
    assert row.ratio == pytest.approx(0.5)


def test_what_nothing_stands_beside_has_no_ratio() -> None:
    row = schedule_figures("x", (20, 3), Spent([0.25]))
    assert (row.ratio, row.cpu_ms, row.p95_ms) == (None, None, 250.0)
