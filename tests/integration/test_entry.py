"""Interrupted while it starts and loads, a command says one line and ends as the signal asks."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


def interrupted(process: subprocess.Popen[str], marker: str, number: int) -> list[str]:
    """Send the signal once the marker is read; what it said besides finished imports."""
    assert process.stderr is not None
    # Whatever goes wrong, no test waits for ever.
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        for line in process.stderr:
            if line.split("|")[-1].strip() == marker:
                break
        process.send_signal(number)
        _, rest = process.communicate()
    finally:
        watchdog.cancel()
    return [line for line in rest.splitlines() if not line.startswith("import time:")]


# Python tells of each finished import: the first while the command line loads, then while the
# command's own modules do.
@BOTH
@pytest.mark.parametrize(
    ("command", "marker"),
    [
        (["check-ins", "list"], "config.errors"),
        (["demo"], "streamer.cli"),
        (["demo"], "streamer.embedded.demo.scene"),
        (["bench", "pipeline"], "streamer.backend"),
        (["bench", "ingest"], "streamer.backend"),
    ],
)
def test_interrupted_while_it_loads_it_is_one_line(
    command: list[str], marker: str, number: int, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "streamer", *command],
        env={"PATH": os.environ["PATH"], "KIRDI_HOME": str(tmp_path)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        said = interrupted(process, marker, number)
    assert len(said) == 1, said
    assert said[0].startswith("kirdi: ")
    assert "interrupted" in said[0]
    assert process.returncode == 128 + number
    assert list(tmp_path.iterdir()) == []


class Checkout:
    """`scripts/demo` over a set-up and an interpreter that only tell where they are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("scripts", "requirements", ".venv/bin"):
            (folder / name).mkdir(parents=True)
        shutil.copy(ROOT / "scripts" / "demo", folder / "scripts")
        self.write("scripts/setup", "true")
        self.write(".venv/bin/python", f'shift; exec {sys.executable} "$@"')

    def write(self, name: str, lines: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/usr/bin/env bash\n{lines}\n")
        path.chmod(0o755)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.folder / "scripts" / "demo"), *arguments],
            env={"PATH": os.environ["PATH"], "KIRDI_HOME": str(self.folder / "home")},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@BOTH
@pytest.mark.parametrize("moment", ["set-up", "lock", "interpreter starts", "loading"])
def test_the_script_interrupted_at_any_moment(checkout: Checkout, moment: str, number: int) -> None:
    tell = "echo here >&2"
    lock = os.open(checkout.folder / "requirements", os.O_RDONLY)
    if moment == "set-up":
        checkout.write("scripts/setup", f"{tell}; sleep 60")
    elif moment == "lock":
        fcntl.flock(lock, fcntl.LOCK_EX)
        checkout.write(".venv/bin/python", f'{tell}; shift; exec {sys.executable} "$@"')
    elif moment == "interpreter starts":
        late = f'shift; [[ $1 == -m ]] && {{ {tell}; sleep 1; }}; exec {sys.executable} "$@"'
        checkout.write(".venv/bin/python", late)
    else:
        checkout.write(".venv/bin/python", f'shift; exec {sys.executable} -X importtime "$@"')
    with checkout.start() as process:
        said = interrupted(process, "config.errors" if moment == "loading" else "here", number)
    os.close(lock)
    assert len(said) == 1, said
    assert said[0].startswith("kirdi: ")
    assert "interrupted" in said[0]
    assert process.returncode == 128 + number
    assert not (checkout.folder / "home").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--help"], 0, "usage: scripts/demo"),
        (["--json", "--help"], 0, "usage: scripts/demo"),
        (["--faster"], 2, "--faster"),
        (["clip.mp4"], 2, "clip.mp4"),
        (["--clip"], 2, "--clip needs a value"),
    ],
)
def test_the_script_answers_before_the_set_up(
    checkout: Checkout, arguments: list[str], code: int, words: str
) -> None:
    checkout.write("scripts/setup", "false")
    with checkout.start(*arguments) as process:
        out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert words in (err if code else out)
    assert "set-up failed" not in err


def test_a_command_that_needs_no_models_loads_none() -> None:
    """Each of these costs a tenth of a second or more, at every command."""
    heavy = ("numpy", "cv2", "onnxruntime", "av", "asyncpg", "scipy", "PIL", "cryptography")
    code = f"import sys, streamer.cli; print([one for one in {heavy} if one in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
