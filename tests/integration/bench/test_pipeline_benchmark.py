"""The benchmark itself, for a few seconds: are its figures of the right shape, and possible?"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streamer.bench.figures import PipelineFigures
from streamer.bench.pipeline_benchmark import PipelineBenchmark
from streamer.bench.process_usage import descendants
from streamer.errors import InputError
from tests import data
from tests.video import make_video


def measure(clip: Path, seconds: float) -> PipelineFigures:
    said: list[str] = []
    benchmark = PipelineBenchmark([1], clip, seconds, analyse_fps=5.0, threads=1, bare_s=1.0)
    (row,) = asyncio.run(benchmark.run(said.append))
    assert said
    return row


def check_plausible(row: PipelineFigures) -> None:
    cpus = len(os.sched_getaffinity(0))
    assert row.cameras == 1
    assert row.fps_asked == 5.0
    assert 0 < row.frames_analysed <= row.frames_decoded
    # The pace is kept over the long run; a few seconds may hold one frame more.
    assert row.fps <= 5.0 + 1.5 / row.seconds
    assert row.fps == pytest.approx(row.frames_analysed / row.seconds)
    assert 0 < row.service_cpu < cpus + 0.5
    assert 0 < row.decoders_cpu < 1.5
    assert 0 <= row.servers_cpu < cpus + 0.5
    assert row.cpu_per_camera == pytest.approx(row.service_cpu + row.decoders_cpu)
    assert row.bare_cpu > 0
    assert row.ratio == pytest.approx(row.cpu_per_camera / row.bare_cpu)
    assert row.service_mb is not None
    assert row.decoder_mb is not None
    assert row.service_mb > row.decoder_mb > 5


def test_a_clip_without_people_gives_everything_but_latency(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    make_video(clip, size=(320, 240), seconds=3.0)
    others = set(descendants(os.getpid()))
    row = measure(clip, 3.0)
    check_plausible(row)
    assert set(descendants(os.getpid())) <= others
    assert (row.width, row.height, row.clip_fps) == (320, 240, 25.0)
    assert (row.people, row.check_ins, row.embedded) == (0, 0, 0.0)
    assert row.latency_p50_ms is None
    assert "no latency" in row.note


def test_people_are_checked_in_and_timed() -> None:
    row = measure(data.need("clips/people/walk.mkv"), 8.0)
    check_plausible(row)
    assert row.people >= 1
    assert row.embedded > 0
    assert row.check_ins >= 1
    assert row.latency_p50_ms is not None
    assert row.latency_p95_ms is not None
    assert 0 < row.latency_p50_ms <= row.latency_p95_ms < 8_000


@pytest.mark.parametrize("content", [None, b"this is no video"])
def test_a_clip_that_is_none_is_one_line(tmp_path: Path, content: bytes | None) -> None:
    clip = tmp_path / "clip.mp4"
    if content is not None:
        clip.write_bytes(content)
    with pytest.raises(InputError, match=r"clip .*clip\.mp4: "):
        measure(clip, 1.0)


@pytest.mark.parametrize("cameras", ["0", "65", "-1", "one", "1,,2", ""])
def test_a_number_of_cameras_that_is_none_is_refused(cameras: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "streamer.cli", "bench", "pipeline", f"--cameras={cameras}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 4
    assert done.stderr.startswith("kirdi: --cameras ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_says_so_and_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    clip = tmp_path / "clip.mp4"
    make_video(clip, size=(320, 240), seconds=3.0)
    command = [sys.executable, "-m", "streamer.cli", "bench", "pipeline", f"--clip={clip}"]
    with subprocess.Popen(
        command, env=os.environ | {"TMPDIR": str(tmp_path)}, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "the service" in line:
                break
        until = time.monotonic() + 30
        while len(descendants(process.pid)) < 2 and time.monotonic() < until:
            time.sleep(0.1)
        started = descendants(process.pid)
        assert len(started) >= 2
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines() == ["kirdi: benchmark: interrupted; nothing is left running"]
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)
    assert list(tmp_path.iterdir()) == [clip]


def test_the_module_is_not_loaded_by_other_commands() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, streamer.cli; print(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = done.stdout.split()
    assert "streamer.commands.bench" in loaded
    assert not {"streamer.bench", "av", "onnxruntime"} & set(loaded)
