"""The matcher's benchmarks, for moments: are their figures of the right shape, and possible?"""

import asyncio
from pathlib import Path

import pytest

from matcher.session import Hardware
from streamer.bench.matcher_benchmark import MatcherBenchmark
from streamer.bench.peers.peers_benchmark import PeersBenchmark
from tests import data


@pytest.mark.long
def test_every_subject_has_its_rows(tmp_path: Path, models: Path) -> None:
    said: list[str] = []
    benchmark = MatcherBenchmark(
        "open", [1, 2], [100, 1000], 0.05, 2, tmp_path / "bench", Hardware("cpu", 1), models
    )
    rows = asyncio.run(benchmark.run(said.append))
    assert [(row.subject, row.size) for row in rows] == [
        *(("detector", size) for size in (1, 2, 4, 8)),
        *(("embedder", size) for size in (1, 2, 4, 8)),
        ("cameras", 1),
        ("cameras", 2),
        ("search", 100),
        ("search", 1000),
    ]
    for row in rows:
        assert row.ratio_least <= row.ratio <= row.ratio_most
        assert 0.0 < row.ratio < 5.0
        assert row.per_second > 0.0
        assert row.latency_p50_ms <= row.latency_p95_ms
    assert any(text.startswith("without int8") for text in said)


@pytest.mark.measures
def test_kirdi_loses_no_visit_that_others_find(tmp_path: Path, models: Path) -> None:
    people = data.need("clips/people/people.csv")
    benchmark = PeersBenchmark("open", people, 5.0, tmp_path / "bench", 2, models)
    ours, *others = asyncio.run(benchmark.run(lambda _text: None))
    assert (ours.visits, ours.visits_found, ours.visits_false) == (12, 12, 0)
    assert len(others) == 2
    for other in others:
        assert other.frames == ours.frames
        assert other.visits_found <= ours.visits_found
