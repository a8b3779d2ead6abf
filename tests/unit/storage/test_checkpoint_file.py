"""Checkpoints in a file: linked, sealed, written by several at once, and what is done to them."""

import hashlib
import itertools
import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from streamer.crypto.checkpoint_seal import CheckpointSeal
from streamer.crypto.key import KeyEncryptionKey
from streamer.domain.chain_head import ChainHead
from streamer.errors import InputError, KirdiError
from streamer.storage.checkpoint_file import CheckpointFile, CheckpointsRead, read_checkpoints

AT = datetime(2026, 11, 29, 9, tzinfo=UTC)
SEAL = CheckpointSeal(KeyEncryptionKey(b"k" * 32), "s-1")
OTHER_SEAL = CheckpointSeal(KeyEncryptionKey(b"o" * 32), "s-1")


def heads(sequence: int) -> list[ChainHead]:
    return [ChainHead(0, sequence, hashlib.sha256(bytes([sequence])).digest())]


def written(path: Path, count: int = 5) -> CheckpointFile:
    file = CheckpointFile(path, SEAL, "s-1")
    for sequence in range(1, count + 1):
        assert file.append(heads(sequence), AT + timedelta(minutes=sequence)) is not None
    return file


def read(path: Path, seal: CheckpointSeal | None = SEAL) -> CheckpointsRead:
    return read_checkpoints([path], seal, "s-1")


def test_what_is_written_is_read_and_links(tmp_path: Path) -> None:
    path = tmp_path / "audit" / "checkpoints.jsonl"
    file = written(path)
    assert file.append(heads(5), AT) is None, "it would say nothing new"
    found = read(path)
    assert (found.lines, found.findings, found.notes) == (5, (), ())
    assert [head.sequence for place in range(5) if (head := found.known.at(0, place))] == [
        1,
        2,
        3,
        4,
        5,
    ]
    lines = path.read_bytes().splitlines()
    for before, line in itertools.pairwise(lines):
        assert json.loads(line)["previous"] == hashlib.sha256(before).hexdigest()
    assert oct(path.stat().st_mode)[-3:] == "600"


def test_several_that_write_at_once_leave_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.jsonl"
    with ThreadPoolExecutor(8) as pool:
        files = [CheckpointFile(path, SEAL, "s-1") for _ in range(8)]
        list(pool.map(lambda n: files[n % 8].append(heads(n), AT), range(100)))
    found = read(path)
    assert (found.findings, found.notes) == ((), ())
    assert found.lines == 100


def test_sites_may_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.jsonl"
    written(path, 2)
    seal = CheckpointSeal(KeyEncryptionKey(b"k" * 32), "s-2")
    CheckpointFile(path, seal, "s-2").append(heads(1), AT)
    written_again = CheckpointFile(path, SEAL, "s-1")
    assert written_again.append(heads(3), AT) is not None
    assert (read(path).lines, read(path).findings) == (3, ())
    assert read_checkpoints([path], seal, "s-2").lines == 1


@pytest.mark.parametrize("cut", [1, 40, 300])
def test_half_a_line_of_a_killed_process_is_no_tampering(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "checkpoints.jsonl"
    file = written(path)
    with path.open("rb+") as torn:
        torn.truncate(path.stat().st_size - cut)
    assert file.append(heads(7), AT) is not None
    found = read(path)
    assert found.findings == ()
    # Without its end alone a line is whole.
    assert len(found.notes) == (0 if cut == 1 else 1)


@pytest.mark.parametrize("place", range(4))
def test_a_changed_removed_or_moved_line_is_found(tmp_path: Path, place: int) -> None:
    path = tmp_path / "checkpoints.jsonl"
    written(path)
    lines = path.read_bytes().splitlines(keepends=True)
    changed = lines[place].replace(b'"0":"', b'"0":"9', 1)
    moved = [*lines]
    moved[place], moved[place + 1] = moved[place + 1], moved[place]
    wrong = [
        [*lines[:place], changed, *lines[place + 1 :]],
        [*lines[:place], lines[place].replace(b'{"at"', b'{ "at"'), *lines[place + 1 :]],
        moved,
    ]
    if place > 0:
        wrong.append([*lines[:place], *lines[place + 1 :]])
        wrong.append([*lines[:place], b"{}\n", *lines[place + 1 :]])
    for one in wrong:
        path.write_bytes(b"".join(one))
        assert read(path).findings != ()
    path.write_bytes(b"".join(lines[1:]))
    assert read(path).findings == ()
    assert "begins with checkpoint 2" in read(path).notes[0]


def test_a_file_made_up_by_somebody_without_the_key_is_found(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.jsonl"
    CheckpointFile(path, OTHER_SEAL, "s-1").append(heads(1), AT)
    assert "was not written with this site's key" in read(path).findings[0]
    assert read(path, None).findings == ()


def test_a_full_disk_and_a_missing_file_are_said(tmp_path: Path) -> None:
    with pytest.raises(KirdiError, match="cannot be written"):
        CheckpointFile(Path("/dev/full"), SEAL, "s-1").append(heads(1), AT)
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "none.jsonl")


def test_what_is_no_checkpoint_at_all(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.jsonl"
    path.write_bytes(os.urandom(5000) + b'\n[1]\n{"a":1}\nnull\n')
    found = read(path)
    assert found.lines == 0
    assert found.notes != ()
    assert CheckpointFile(path, SEAL, "s-1").append(heads(1), AT) is not None
    assert read(path).lines == 1
