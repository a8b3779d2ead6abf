import os
import stat
import threading
from pathlib import Path

import pytest

from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.keyfile import KeyFile
from streamer.errors import VaultError


def test_a_new_key_is_private_and_read_back(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys" / "kirdi.key")
    old = os.umask(0)
    try:
        key = file.create()
    finally:
        os.umask(old)
    assert file.read() == key
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert file.path.read_bytes() == key.material
    assert [one.name for one in file.path.parent.iterdir()] == ["kirdi.key"]


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "kirdi.key")
    file.path.write_bytes(b"")
    with pytest.raises(VaultError, match="never overwritten"):
        file.create()
    assert file.path.read_bytes() == b""
    assert len(list(tmp_path.iterdir())) == 1


def test_of_many_first_starts_one_makes_the_key(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "kirdi.key")
    made: list[KeyEncryptionKey] = []

    def start() -> None:
        try:
            made.append(file.create())
        except VaultError:
            return

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [file.read()]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o666])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    file = KeyFile(tmp_path / "kirdi.key")
    file.create()
    file.path.chmod(mode)
    with pytest.raises(VaultError, match=r"others may read it .*chmod 600"):
        file.read()


@pytest.mark.parametrize("size", [0, 31, 33, 4096])
def test_a_file_of_another_size_is_refused(tmp_path: Path, size: int) -> None:
    file = KeyFile(tmp_path / "kirdi.key")
    file.path.write_bytes(b"k" * size)
    file.path.chmod(0o600)
    with pytest.raises(VaultError, match="does not hold 32 bytes"):
        file.read()


def test_what_is_no_file_is_refused_without_hanging(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="is missing; restore"):
        KeyFile(tmp_path / "absent").read()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(VaultError, match="is not a file"):
        KeyFile(tmp_path / "folder").read()
    with pytest.raises(VaultError, match="is not a file"):
        KeyFile(tmp_path / "pipe").read()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(VaultError, match="cannot be created"):
        KeyFile(tmp_path / "taken" / "kirdi.key").create()


def test_the_key_shows_in_no_text() -> None:
    key = KeyEncryptionKey(bytes(range(32)))
    assert "\\x" not in repr(key)
    assert key.material.hex() not in key.check_value()
    assert key.check_value() != KeyEncryptionKey(bytes(32)).check_value()
    assert len({key.derive(use) for use in ("one", "two")}) == 2


def test_nobody_is_told_to_change_the_rights_of_what_is_no_key(tmp_path: Path) -> None:
    path = tmp_path / "passwd"
    path.write_bytes(b"root:x:0:0\n" * 9)
    path.chmod(0o644)
    with pytest.raises(VaultError, match="so it is none; look at the path") as error:
        KeyFile(path).read()
    assert "chmod" not in str(error.value)
