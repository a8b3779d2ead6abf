"""`kirdi bench reports` on a clinic of a few visits."""

import asyncio
from pathlib import Path

import pytest

from streamer.bench.reports.reports_benchmark import ReportsBenchmark


@pytest.mark.long
def test_a_month_without_claims_and_with_them(tmp_path: Path) -> None:
    said: list[str] = []
    bare, billed = asyncio.run(ReportsBenchmark(200, (), tmp_path / "bench").run(said.append))
    assert bare.days == billed.days == 28
    assert bare.appointments == billed.appointments >= 200
    assert (bare.claims, billed.claims > 100) == (0, True)
    assert bare.cpu_s > 0 < billed.peak_mb
    assert len(said) == 4
