"""The benchmark itself, for a few seconds: are its figures of the right shape, and possible?"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from matcher.session import Hardware
from streamer.bench.figures import PipelineFigures
from streamer.bench.pipeline_benchmark import PipelineBenchmark
from streamer.bench.process_usage import descendants
from streamer.errors import InputError
from tests import data
from tests.video import make_video

# The command itself measures the bare libraries for longer before it starts the service.
TO_BE_KILLED = """
import asyncio, sys
from pathlib import Path
from streamer.bench.pipeline_benchmark import PipelineBenchmark
clip, home = map(Path, sys.argv[1:])
benchmark = PipelineBenchmark(
    [1], clip, 60.0, 5.0, home / "bench", models=home / "models", bare_s=0.1
)
asyncio.run(benchmark.run(lambda text: print(text, file=sys.stderr, flush=True)))
"""


def measure(clip: Path, seconds: float, folder: Path, models: Path) -> PipelineFigures:
    said: list[str] = []
    benchmark = PipelineBenchmark(
        [1], clip, seconds, 5.0, folder, Hardware("cpu", 1), models, bare_s=0.5
    )
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


@pytest.mark.measures
def test_a_clip_without_people_gives_everything_but_latency(tmp_path: Path, models: Path) -> None:
    clip = tmp_path / "clip.mp4"
    make_video(clip, size=(320, 240), seconds=3.0)
    others = set(descendants(os.getpid()))
    row = measure(clip, 2.0, tmp_path / "bench", models)
    check_plausible(row)
    assert set(descendants(os.getpid())) <= others
    assert (row.width, row.height, row.clip_fps) == (320, 240, 25.0)
    assert (row.people, row.check_ins, row.embedded) == (0, 0, 0.0)
    assert row.latency_p50_ms is None
    assert "no latency" in row.note


@pytest.mark.measures
def test_people_are_checked_in_and_timed(tmp_path: Path, models: Path) -> None:
    row = measure(data.need("clips/people/walk.mkv"), 6.0, tmp_path / "bench", models)
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
    with pytest.raises(InputError, match=r"clip\.mp4: "):
        measure(clip, 1.0, tmp_path / "bench", tmp_path)


def test_a_clip_that_no_camera_plays_is_refused_at_once(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    make_video(clip, codec="mpeg4")
    with pytest.raises(InputError, match="its video is mpeg4"):
        measure(clip, 1.0, tmp_path / "bench", tmp_path)


def run_until(command: list[str], home: Path, words: str) -> subprocess.Popen[str]:
    """Start it and return once it says these words."""
    process = subprocess.Popen(
        [sys.executable, *command],
        env=os.environ | {"KIRDI_HOME": str(home)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert any(words in line for line in process.stderr), process.wait(30)
    return process


@pytest.mark.measures
def test_nothing_is_left_of_one_that_was_killed_and_one_that_lost_its_terminal(
    tmp_path: Path, models: Path
) -> None:
    clip, home = tmp_path / "clip.mp4", tmp_path / "home"
    make_video(clip, size=(320, 240), seconds=3.0)
    home.mkdir()
    (home / "models").symlink_to(models)

    killed = run_until(["-c", TO_BE_KILLED, str(clip), str(home)], home, "the service")
    with killed:
        until = time.monotonic() + 30
        while not descendants(killed.pid) and time.monotonic() < until:
            time.sleep(0.05)
        started = set(descendants(killed.pid))
        assert started
        started |= working_in(home)
        killed.kill()
    (left,) = folders(home)

    command = ["-m", "streamer.cli", "bench", "pipeline", f"--clip={clip}"]
    with run_until(command, home, "looking for people") as process:
        servers = working_in(home)
        assert servers
        started |= servers
        (own,) = folders(home)
        assert own != left
        process.send_signal(signal.SIGHUP)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 129
    assert said.splitlines()[-1] == "kirdi: benchmark: interrupted; nothing is left running"
    assert folders(home) == []
    until = time.monotonic() + 30
    while (alive := [pid for pid in started if lives(pid)]) and time.monotonic() < until:
        time.sleep(0.1)
    assert alive == []
    assert working_in(home) == set()


def working_in(home: Path) -> set[int]:
    """The embedded servers, which are nobody's children, by the folder on their command line."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(home / "bench").encode() in entry.read_bytes():
                found.add(int(entry.parent.name))
    return found


def folders(home: Path) -> list[Path]:
    return [one for one in (home / "bench" / "runs").iterdir() if one.is_dir()]


def lives(pid: int) -> bool:
    """Whether it runs; one that nobody has waited for yet does not."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False


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
