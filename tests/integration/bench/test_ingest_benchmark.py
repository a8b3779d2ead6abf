"""The benchmark of ingest, for a moment: are its figures of the right shape, and possible?"""

import asyncio
import os
from pathlib import Path

import av
import pytest

from streamer.bench.ingest_benchmark import IngestBenchmark
from streamer.bench.process_usage import descendants
from streamer.bench.reencoded import Format, reencode
from streamer.errors import InputError
from tests.video import make_video


@pytest.mark.measures
def test_two_cameras_are_measured(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    make_video(clip, size=(320, 240), seconds=2.0)
    others = set(descendants(os.getpid()))
    said: list[str] = []
    benchmark = IngestBenchmark([2], [Format(160, 120, 10)], clip, 3.0, 5.0, tmp_path / "bench")
    (row,) = asyncio.run(benchmark.run(said.append))
    assert set(descendants(os.getpid())) <= others
    assert (row.cameras, row.format, row.restarts) == (2, "160x120@10", 0)
    assert 2 * 20 <= row.frames_decoded <= 2 * 40
    assert 0 < row.frames_analysed <= row.frames_decoded
    assert 0 < row.cpu_per_camera < 1
    assert row.bare_per_camera > 0
    assert row.ratio == pytest.approx(row.cpu_per_camera / row.bare_per_camera)
    assert row.latency_p50_ms is not None
    assert row.latency_p95_ms is not None
    assert 0 < row.latency_p50_ms <= row.latency_p95_ms < 1000
    assert 0 < row.first_frame_s < 30
    assert row.parent_mb is not None
    assert said


def test_a_clip_keeps_its_speed_in_another_format(tmp_path: Path) -> None:
    clip, other = tmp_path / "clip.mp4", tmp_path / "other.mp4"
    make_video(clip, size=(320, 240), fps=25, seconds=2.0)
    reencode(clip, Format(160, 120, 10), other)
    with av.open(str(other)) as container:
        frames = [(frame.width, frame.height) for frame in container.decode(video=0)]
    assert set(frames) == {(160, 120)}
    assert len(frames) == pytest.approx(20, abs=1)


def test_a_clip_that_is_none_is_one_line(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"this is no video")
    benchmark = IngestBenchmark([1], [Format(160, 120, 10)], clip, 1.0, 5.0, tmp_path / "bench")
    with pytest.raises(InputError, match=r"clip .*clip\.mp4: "):
        asyncio.run(benchmark.run(lambda _: None))
