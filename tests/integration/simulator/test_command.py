"""`kirdi camera simulate --fault`, as a person runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import pytest

from streamer.simulator.faults.catalogue import FAULTS
from tests.certificates import make_certificate
from tests.data import ROOT
from tests.integration.simulator.watching import watch
from tests.video import make_video

COMMAND = [sys.executable, "-m", "streamer.cli", "camera"]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    make_video(path)
    return path


@contextmanager
def simulated(clip: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [*COMMAND, "simulate", str(clip), "--port", "0", "--json", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()
        yield json.loads(line)[0]["url"], process
    finally:
        process.kill()
        process.communicate()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def test_faults_begin_and_end_by_the_clock(clip: Path) -> None:
    options = ("--loop", "--fault", "refuse", "--fault-after", "0.5", "--fault-for", "1")
    with simulated(clip, *options) as (url, process):
        assert watch(url, frames=1).error is None
        until = time.monotonic() + 10
        while watch(url, frames=1).error is None:
            assert time.monotonic() < until, "it never refused"
        while (seen := watch(url, frames=1)).error is not None:
            assert seen.error is av.ConnectionRefusedError
            assert time.monotonic() < until, "it never came back"
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=10)
        assert process.returncode == 0
    lines = [json.loads(line) for line in log.splitlines()]
    assert [line["names"] for line in lines if line["event"] == "simulator.faults"] == [
        ["refuse"],
        [],
    ]
    assert lines[-1]["event"] == "simulator.stopped"
    assert lines[-1]["faults"] == {"refuse": 1}
    assert lines[-1]["sessions"] == lines[-1]["connections"] >= 2
    assert lines[-1]["pictures"] > 0


def test_a_certificate_makes_it_rtsps(clip: Path, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    with simulated(clip, "--tls-cert", str(certificate), "--tls-key", str(key)) as (url, _):
        assert len(watch(url, ca_file=certificate).widths) == 25


def test_a_wrong_fault_is_an_error_that_lists_them(clip: Path) -> None:
    result = run("simulate", str(clip), "--fault", "rain")
    assert (result.returncode, result.stdout) == (4, "")
    assert result.stderr.startswith("kirdi: --fault rain: unknown; there are refuse, ")
    assert len(result.stderr.splitlines()) == 1
    assert run("simulate", str(clip), "--tls-cert", "cert.pem").returncode == 2


def test_the_list_and_the_document_name_every_fault() -> None:
    listed = json.loads(run("faults", "--json").stdout)
    assert len(listed) == len(FAULTS)
    assert all(one["what"] for one in listed)
    document = (ROOT / "docs/simulator.md").read_text(encoding="utf-8")
    for one in listed:
        name = one["fault"].partition("=")[0]
        assert f"| `{name}" in document, name
