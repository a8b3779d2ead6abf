"""Seconds of the soak command, and that its judgement can be trusted."""

from dataclasses import replace

import pytest

from tests.harness.usage import growth_mb, slope_mb_h
from tests.soak.findings import Findings
from tests.soak.soak import Soak

KEPT = Findings(
    cameras=20,
    minutes=10,
    all_streaming_s=3.0,
    reconnects=900,
    cuts=950,
    frames=30_000,
    frames_share=0.99,
    service_mb=(31.0, 31.5),
    service_growth_mb=0.1,
    service_slope_mb_h=0.5,
    decoder_mb=(15.0, 15.1),
    decoder_growth_mb=0.1,
    decoder_slope_mb_h=0.5,
    descriptors=(60, 61),
    processes=(20, 20),
    threads=(2, 2),
    longest_lag_s=0.1,
    stop_s=0.5,
    left_over=0,
    left_in_shm=0,
)


@pytest.mark.measures
async def test_cameras_that_are_cut_off_harm_no_other_and_leave_nothing() -> None:
    findings = await Soak(cameras=6, minutes=0.12).run()
    # Beside other tests, in seven seconds, a frame more or less is no finding.
    assert replace(findings, frames_share=1.0).faults == [], findings.table
    assert findings.frames_share > 0.7
    assert findings.reconnects >= 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"all_streaming_s": None}, "not all 20 cameras"),
        ({"all_streaming_s": 31.0}, "within 30 s"),
        ({"reconnects": 100}, "100 reconnects"),
        ({"frames_share": 0.9}, "90%"),
        ({"service_growth_mb": 20.0}, "service grew by 20"),
        ({"decoder_growth_mb": 20.0}, "decoders grew by 20"),
        ({"descriptors": (60, 80)}, "descriptors went from 60 to 80"),
        ({"processes": (20, 40)}, "processes went"),
        ({"threads": (2, 40)}, "threads went"),
        ({"stop_s": 3.1}, "stopping took"),
        ({"left_over": 1}, "left behind"),
        ({"left_in_shm": 1}, "/dev/shm"),
    ],
)
def test_every_broken_bound_is_a_fault(changes: dict[str, object], words: str) -> None:
    assert not KEPT.faults
    assert "every bound was kept" in KEPT.table
    broken = replace(KEPT, **changes)  # type: ignore[arg-type]
    assert [words in fault for fault in broken.faults] == [True]
    assert "BROKEN" in broken.table
    assert not broken.row["ok"]


def test_slope_and_growth_leave_the_warm_up_out() -> None:
    steady = [(float(second), 30.0 + (second < 20) * 5) for second in range(100)]
    leaking = [(float(second), 30.0 + second / 36) for second in range(100)]
    assert growth_mb(steady) == 0
    assert slope_mb_h(steady[25:]) == pytest.approx(0, abs=1e-6)
    assert growth_mb(leaking) == pytest.approx(50 / 36)
    assert slope_mb_h(leaking) == pytest.approx(100)
