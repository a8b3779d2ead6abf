"""The schedule's benchmark, for moments: does it measure what it says, and lose nothing?"""

import asyncio
from pathlib import Path

import pytest

from streamer.bench.schedule.schedule_benchmark import ScheduleBenchmark


@pytest.mark.long
def test_every_subject_has_its_row(tmp_path: Path) -> None:
    said: list[str] = []
    rows = asyncio.run(ScheduleBenchmark([60, 90], 2, tmp_path / "bench").run(said.append))
    subjects = [row.subject for row in rows if row.appointments == 60]
    assert subjects == [row.subject for row in rows if row.appointments == 90]
    assert subjects == [
        "gallery from nothing",
        "schedule from nothing",
        "gallery poll",
        "schedule poll",
        "withdrawn, heard",
        "cancelled, heard",
        "whole day changed, heard",
        "withdrawn, polled",
        "cancelled, polled",
        "first match after midnight",
        "schedule at midnight",
        "gallery of another day",
        *(f"match, Redis {state}" for state in ("up", "flushed", "garbage", "away")),
    ]
    for row in rows:
        assert row.patients == round(row.appointments * 20_000 / 1_500)
        assert 0.0 < row.p50_ms <= row.p95_ms <= row.most_ms
        assert (row.ratio is not None) == (
            row.subject in ("match, Redis flushed", "match, Redis garbage", "match, Redis away")
        )
