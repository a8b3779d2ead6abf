import os
import subprocess
import sys
import time

from streamer.bench.process_usage import (
    ProcessUsage,
    cpu_seconds,
    descendants,
    idle_seconds,
    memory_mb,
)

LINE = "71 (a ) (b) S 7 71 71 0 -1 4194560 1 2 3 4 250 50 30 20 20 0 1 0 99 1000 10 0"


def test_a_stat_line_is_read_past_a_name_with_brackets() -> None:
    assert ProcessUsage.parse(LINE, 100) == ProcessUsage(parent=7, own_s=3.0, reaped_s=0.5)


def test_work_and_children_are_seen() -> None:
    source = "import sys; print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert child.pid in descendants(os.getpid())
        assert os.getpid() not in descendants(os.getpid())
        memory = memory_mb(child.pid)
        assert memory is not None
        assert 1 < memory < 1000
        child.communicate()
    assert child.pid not in descendants(os.getpid())
    assert memory_mb(child.pid) is None
    assert cpu_seconds([child.pid]) == 0.0


def test_cpu_time_grows_with_work() -> None:
    before = cpu_seconds([os.getpid()])
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    assert cpu_seconds([os.getpid()]) >= before + 0.05


def test_a_machine_is_never_idle_for_longer_than_time_passes() -> None:
    began, idle = time.monotonic(), idle_seconds()
    time.sleep(0.2)
    cpus = os.cpu_count() or 1
    assert 0 <= idle_seconds() - idle <= (time.monotonic() - began) * cpus + 0.05
