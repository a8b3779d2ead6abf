"""Reports laid into a folder: whole or absent, for one pair of eyes, never twice or over."""

import asyncio
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from streamer.domain.report.parcel import Parcel
from streamer.errors import OutsideError
from streamer.exchange.deliver.folder import FolderDelivery
from tests.integration.exchange.parcels import FILES, parcel


def deliver(folder: Path, one: Parcel | None = None) -> None:
    asyncio.run(FolderDelivery("archive", folder).deliver(one or parcel()))


NAME = "appointment-match_week_2026-11-23_2026-11-29_polyclinic-1_r2_kk"


def test_files_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    deliver(tmp_path)
    deliver(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [NAME]
    for file in FILES:
        path = tmp_path / NAME / file.name
        assert path.read_bytes() == file.content
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o700


def test_what_somebody_changed_there_is_left_and_told(tmp_path: Path) -> None:
    deliver(tmp_path)
    (tmp_path / NAME / "report.csv").write_text("mine")
    with pytest.raises(OutsideError, match="holds something else"):
        deliver(tmp_path)
    assert (tmp_path / NAME / "report.csv").read_text() == "mine"


def test_what_a_killed_try_left_is_begun_anew(tmp_path: Path) -> None:
    part = tmp_path / f".{parcel().delivery_id}.part"
    part.mkdir()
    (part / "report.pdf").write_bytes(b"half")
    deliver(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [NAME]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match=r"archive.*No such file"):
        deliver(tmp_path / "share")
    (tmp_path / "file").touch()
    with pytest.raises(OutsideError, match="is no folder"):
        deliver(tmp_path / "file")


def test_another_revision_lies_beside_it(tmp_path: Path) -> None:
    deliver(tmp_path)
    deliver(tmp_path, replace(parcel(), number=3))
    assert len(list(tmp_path.iterdir())) == 2


CHILD = """
import asyncio, resource, sys
from pathlib import Path
from streamer.domain.report.parcel import Parcel
from streamer.errors import OutsideError
from streamer.exchange.deliver.folder import FolderDelivery
from tests.integration.exchange.parcels import parcel
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    asyncio.run(FolderDelivery("archive", Path(sys.argv[1])).deliver(parcel()))
except OutsideError as error:
    print(error)
"""


def test_a_full_disk_leaves_nothing_and_the_next_try_succeeds(tmp_path: Path) -> None:
    """A limit on the file's size stands in for the disk's end: the same write fails."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "cannot be written (File too large)" in done.stdout
    assert list(tmp_path.iterdir()) == []
    deliver(tmp_path)
    assert (tmp_path / NAME / "report.pdf").read_bytes() == FILES[0].content
