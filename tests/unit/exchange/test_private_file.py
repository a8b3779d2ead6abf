"""Files for one pair of eyes: mode, nothing written over, nothing half-written."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from streamer.errors import InputError, KirdiError
from streamer.exchange import private_file
from streamer.exchange.private_file import refuse_existing, write_private


def test_only_the_owner_reads_it_whatever_the_mask(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    before = os.umask(0)
    try:
        write_private(path, b"x" * 100_000)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == b"x" * 100_000
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_text("mine")
    link = tmp_path / "link.pdf"
    link.symlink_to(tmp_path / "elsewhere")
    for taken in (path, link):
        with pytest.raises(InputError, match="exists already"):
            refuse_existing(taken)
        with pytest.raises(InputError, match="exists already"):
            write_private(taken, b"yours")
    assert path.read_text() == "mine"
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(InputError, match="folder does not exist"):
        refuse_existing(tmp_path / "no" / "a.pdf")


def test_a_file_system_without_nameless_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_file, "_write_nameless", lambda *_: False)
    path = tmp_path / "a.pdf"
    write_private(path, b"x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(InputError, match="exists already"):
        write_private(path, b"y")


CHILD = """
import resource, sys
from pathlib import Path
from streamer.errors import KirdiError
from streamer.exchange import private_file
if sys.argv[2] == "named":
    private_file._write_nameless = lambda *_: False
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    private_file.write_private(Path(sys.argv[1]), b"x" * 10_000)
except KirdiError as error:
    print(error)
"""


@pytest.mark.parametrize("way", ["nameless", "named"])
def test_a_full_disk_leaves_nothing(tmp_path: Path, way: str) -> None:
    """A limit on the file's size stands in for the disk's end: the same write fails."""
    path = tmp_path / "a.pdf"
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path), way], capture_output=True, text=True, check=True
    )
    assert "cannot be written (File too large)" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(KirdiError, match="cannot be written"):
        write_private(tmp_path / "no" / "a.pdf", b"x")
