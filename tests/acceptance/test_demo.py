"""`kirdi demo` from nothing: who must come in comes in, and whatever happens, nothing is left."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.acceptance.kirdi import COMMAND, Json, Result
from tests.acceptance.test_bad_input import refused

# The last of those who must come in is recognised half a minute into the clip.
SECONDS = 32


class Demo:
    """One home folder and the command on it."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        kept = {key: os.environ[key] for key in ("PATH", "LANG", "HOME") if key in os.environ}
        return subprocess.Popen(
            [*COMMAND, "demo", *arguments],
            env=kept | {"KIRDI_HOME": str(self.home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str) -> Result:
        return finish(self.start(*arguments))

    def left(self) -> list[str]:
        """Processes that name the home folder, and what is below its `demo`, except the clip."""
        processes = [
            " ".join(one.info["cmdline"])
            for one in psutil.process_iter(["cmdline"])
            if any(str(self.home) in part for part in one.info["cmdline"] or ())
        ]
        files = [
            str(path)
            for path in (self.home / "demo").rglob("*")
            if path.is_file()
            and path.suffix != ".mp4"
            and path.name not in (".lock", ".lobby.lock")
        ]
        folders = [str(path) for path in (self.home / "demo" / "runs").glob("*") if path.is_dir()]
        return processes + files + folders


def finish(process: subprocess.Popen[str]) -> Result:
    out, err = process.communicate(timeout=150)
    return Result(process.returncode, out, err)


def outcome(result: Result) -> dict[str, Json]:
    assert result.code == 0, result.err
    parsed: dict[str, Json] = json.loads(result.out.splitlines()[-1])
    return parsed


@pytest.fixture
def demo(tmp_path: Path, composed: Path) -> Demo:
    home = tmp_path / "home"
    shutil.copytree(composed, home)
    return Demo(home)


@pytest.fixture(scope="session")
def composed(tmp_path_factory: pytest.TempPathFactory, built_models: Path) -> Path:
    """A home folder as one short demo leaves it: the models and the clip."""
    home = tmp_path_factory.mktemp("composed")
    shutil.copytree(built_models, home / "models")
    result = Demo(home)("--for", "0.1", "--json")
    assert result.code == 0, result.err
    (clip,) = (home / "demo").glob("lobby-*.mp4")
    assert clip.stat().st_mode & 0o077 == 0
    assert (home / "demo").stat().st_mode & 0o077 == 0
    return home


@pytest.mark.long
def test_those_who_must_come_in_and_nobody_else(demo: Demo) -> None:
    result = outcome(demo("--for", str(SECONDS), "--json"))
    came = [row["appointment_ref"] for row in result["check_ins"]]
    assert came == result["expected"]
    assert len(came) == 4
    assert {row["status"] for row in result["check_ins"]} == {"arrived"}
    assert int(str(result["frames_analysed"])) > 2 * SECONDS
    assert int(str(result["frames_decoded"])) > 8 * SECONDS
    assert demo.left() == []


@pytest.mark.long
def test_two_at_once_do_not_meet(demo: Demo) -> None:
    both = [demo.start("--for", "8", "--json") for _ in range(2)]
    for process in both:
        check_ins = outcome(finish(process))["check_ins"]
        assert [row["appointment_ref"] for row in check_ins] == ["A-P-101"]
    assert demo.left() == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "number", "code"),
    [
        ("loading the models", signal.SIGINT, 130),
        ("starting the service", signal.SIGINT, 0),
        ("A-P-101 arrived", signal.SIGHUP, 0),
    ],
)
def test_interrupted_at_any_moment(demo: Demo, words: str, number: int, code: int) -> None:
    process = demo.start()
    assert process.stdout is not None
    while words and words not in process.stdout.readline():
        assert process.poll() is None, "it ended by itself"
    if not words:
        time.sleep(0.5)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    result = finish(process)
    assert result.code == code, (result.code, result.out, result.err)
    assert "Traceback" not in result.err
    assert not [child for child in children if child.is_running()]
    assert demo.left() == []


@pytest.mark.long
def test_a_killed_one_is_cleared_away_by_the_next(demo: Demo) -> None:
    process = demo.start()
    assert process.stdout is not None
    while "streaming" not in process.stdout.readline():
        assert process.poll() is None, "it ended by itself"
    process.kill()
    process.communicate()
    assert demo.left() != []
    outcome(demo("--for", "0.1", "--json"))
    assert demo.left() == []


@pytest.mark.long
def test_own_footage(demo: Demo, tmp_path: Path) -> None:
    (clip,) = (demo.home / "demo").glob("lobby-*.mp4")
    mine = tmp_path / "mine.mp4"
    clip.rename(mine)
    result = outcome(demo("--clip", str(mine), "--clip", str(mine), "--for", "1", "--json"))
    assert result["expected"] == []
    # Nothing is composed where nothing of it is shown.
    assert not list((demo.home / "demo").glob("lobby-*.mp4"))
    text = tmp_path / "notes.mp4"
    text.write_text("not a video")
    refused(demo("--clip", str(text)), 4, "notes.mp4")
    refused(demo("--for", "0"), 4, "--for")
    assert demo.left() == []


@pytest.mark.long
def test_a_full_disk(tmp_path: Path, composed: Path) -> None:
    script = (
        f"mount -t tmpfs -o size=60m none {tmp_path} || exit 77; cd {tmp_path}; "
        f"cp -r {composed}/models .; {sys.executable} -m streamer.cli demo --for 1; code=$?; "
        "find demo -type f -not -name '.*lock'; exit $code"
    )
    environment = {"PATH": os.environ["PATH"], "KIRDI_HOME": "."}
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no disk can be mounted here")
    result = Result(done.returncode, done.stdout, done.stderr)
    refused(result, 8, "No space left on device")
    # Only what it said before: nothing half-written.
    assert all(line.startswith("[demo ") for line in result.out.splitlines()), result.out


@pytest.mark.long
def test_no_permission(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    for home in (file, Path("/proc/kirdi")):
        refused(Demo(home)("--for", "1"), 8, str(home), "KIRDI_HOME")
