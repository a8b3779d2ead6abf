"""The embedded servers on odd homes and full disks, by root and by others."""

import asyncio
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from streamer.embedded.home import kirdi_home
from streamer.errors import EmbeddedError
from tests.data import ROOT
from tests.integration.holding import Holding, end_all, execute, pids, start_and_stop

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder whose parents everyone may pass; pytest's own are closed to other users."""
    folder = Path(tempfile.mkdtemp(prefix="kirdi-test-"))
    folder.chmod(0o755)
    yield folder
    for lock in folder.rglob("embedded"):
        end_all(lock.parent)
    shutil.rmtree(folder)


def test_modes_of_the_folders_above_stay(tmp_path: Path) -> None:
    modes = {"outer": 0o711, "outer/inner": 0o700, "outer/inner/home": 0o750}
    for name, mode in modes.items():
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
    start_and_stop(tmp_path / "outer/inner/home")
    for name, mode in modes.items():
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode, name
    assert stat.S_IMODE((tmp_path / "outer/inner/home/embedded").stat().st_mode) == 0o700


def test_a_long_and_odd_home_gets_a_short_socket_folder_and_loses_it(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 40) / 'it\'s, "мой" дом {x} %d'
    services = start_and_stop(home)
    folder = Path(services.database_url.rpartition("host=")[2])
    assert folder.name.startswith("kirdi-")
    assert not folder.exists()


def test_a_home_that_is_a_file_or_odd_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for home in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "two\nlines"):
        with pytest.raises(EmbeddedError, match="KIRDI_HOME"):
            kirdi_home({"KIRDI_HOME": str(home)})


def test_a_home_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(EmbeddedError, match="KIRDI_HOME"):
        kirdi_home({"KIRDI_HOME": "/proc/kirdi"})


@pytest.mark.skipif(not IS_ROOT, reason="only root can mount a small disk")
@pytest.mark.parametrize("size", ["4k", "6m", "30m"])
def test_a_full_disk_is_named_and_leaves_nothing_half_made(tmp_path: Path, size: str) -> None:
    script = f"mount -t tmpfs -o size={size} none {tmp_path} || exit 77; {sys.executable} -m "
    script += f"tests.integration.holder {tmp_path}/home; ls {tmp_path}/home/embedded/postgres"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"no mounting here: {done.stderr.strip()}")
    last = [line for line in done.stderr.splitlines() if line.startswith("streamer.")]
    assert len(last) == 1, done.stderr
    assert "EmbeddedError" in last[0]
    assert "No space left on device" in last[0]
    assert "READY" not in done.stdout
    assert "initdb-" not in done.stdout
    assert "data" not in done.stdout.split()


def test_the_home_is_made_private_and_its_mode_then_left(tmp_path: Path) -> None:
    home = kirdi_home({"KIRDI_HOME": str(tmp_path / "new" / "home")})
    assert [stat.S_IMODE(path.stat().st_mode) for path in (home, home.parent)] == [0o700, 0o700]
    home.chmod(0o755)
    kirdi_home({"KIRDI_HOME": str(home)})
    assert stat.S_IMODE(home.stat().st_mode) == 0o755
    assert list(home.iterdir()) == []


def python_for_others() -> list[str]:
    """A Python that another user can run with this environment's packages; skips without one."""
    site = Path(psutil.__file__).parent.parent
    for python in (os.path.realpath(sys.executable), "/usr/bin/python3"):
        command = ["env", "-i", f"PYTHONPATH={site}:{ROOT}", python]
        done = subprocess.run(
            [*command, "-c", "import pydantic_core, tests.integration.holder"],
            user=1234,
            group=1234,
            extra_groups=[],
            cwd="/",
            check=False,
            capture_output=True,
        )
        if done.returncode == 0:
            return command
    pytest.skip("no Python of this version that other users may run")


@pytest.mark.skipif(not IS_ROOT, reason="only root can become somebody else")
@pytest.mark.parametrize("uid", [1, 1234567], ids=["a user", "a uid in no list"])
def test_an_ordinary_user_can_run_them(open_folder: Path, uid: int) -> None:
    own = open_folder / "own"
    own.mkdir()
    os.chown(own, uid, uid)
    with Holding(own / "home", command=python_for_others(), uid=uid) as holding:
        for pid in holding.ready()["pids"]:
            assert psutil.Process(pid).uids().real == uid
        assert asyncio.run(execute(holding.database_url, "SELECT 1")) == 1
        holding.leave()
    assert pids(own / "home") == [None, None]
    assert (own / "home").stat().st_uid == uid


@pytest.mark.skipif(not IS_ROOT, reason="root's own ways around PostgreSQL's refusal of root")
def test_root_runs_them_without_privileges_even_below_a_closed_folder(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    os.chown(closed, 1234, 1234)
    with Holding(closed / "home") as holding:
        for pid in holding.ready()["pids"]:
            assert psutil.Process(pid).uids().real != 0
        holding.leave()
    # Moved to a place root itself may pass, the same data is used in the other way.
    (closed / "home").rename(open_folder / "home")
    with Holding(open_folder / "home") as holding:
        holding.ready()
        holding.leave()
    assert (open_folder / "home/embedded/postgres/data").stat().st_uid == 0
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert closed.stat().st_uid == 1234


@pytest.mark.skipif(not IS_ROOT, reason="only root can become somebody else")
def test_a_home_of_another_user_is_refused_in_one_line(open_folder: Path) -> None:
    command = python_for_others()
    start_and_stop(open_folder / "home")
    with Holding(open_folder / "home", command=command, uid=1234) as holding:
        assert "EmbeddedError: home folder" in holding.complaint()
        assert "Permission denied" in holding.complaint()
