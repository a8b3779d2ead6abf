"""A key comes from a variable, a credential or a command; what is wrong is said without it."""

import base64
import os
import stat
import time
from pathlib import Path

import pytest

from streamer.crypto.command_key import CommandKey
from streamer.crypto.environment_key import EnvironmentKey
from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.key_finder import KeyFinder
from streamer.crypto.keyfile import KeyFile
from streamer.errors import VaultError

KEY = KeyEncryptionKey(bytes(range(200, 232)))
TEXT = base64.b64encode(KEY.material).decode()


def script(folder: Path, body: str) -> str:
    file = folder / "vault-client"
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


def test_a_variable_holds_base64() -> None:
    assert EnvironmentKey("KIRDI_KEY", f" {TEXT}\n", None).read() == KEY
    assert TEXT not in repr(EnvironmentKey("KIRDI_KEY", TEXT, None))


@pytest.mark.parametrize(
    "given", ["", "x" * 32, KEY.material.hex(), TEXT[:-4], TEXT + TEXT, "ключ"]
)
def test_a_variable_with_something_else_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(
        VaultError, match=r"variable KIRDI_KEY: holds no key.*44 characters"
    ) as said:
        EnvironmentKey("KIRDI_KEY", given, None).read()
    assert not given or given not in str(said.value)
    assert said.value.__cause__ is None


def test_a_variable_that_is_not_set_says_what_to_do() -> None:
    absent = EnvironmentKey("KIRDI_KEY", None, None)
    assert not absent.exists()
    with pytest.raises(VaultError, match=r"variable KIRDI_KEY: is not set; give it"):
        absent.read()


@pytest.mark.parametrize("content", [KEY.material, TEXT.encode(), TEXT.encode() + b"\n"])
def test_a_credential_of_systemd_is_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "kirdi-key").write_bytes(content)
    source = EnvironmentKey("kirdi-key", None, tmp_path / "kirdi-key")
    assert source.exists()
    assert source.read() == KEY


def test_a_command_prints_the_key(tmp_path: Path) -> None:
    command = script(tmp_path, f'[ "$1" = get ] && echo {TEXT} && echo secret words >&2')
    source = CommandKey((command, "get"), 10)
    assert source.read() == KEY
    assert source.name == "key command vault-client"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"echo {TEXT}; exit 3", r"failed \(exit code 3\)"),
        (f"echo {TEXT} >&2", "holds no key"),
        ("echo something else", "holds no key"),
        ("head -c 32 /dev/zero | tr '\\0' x", "holds no key"),
        ("exec yes", "failed|holds no key"),
        ("kill -9 $$", "failed"),
    ],
)
def test_a_command_that_fails_is_said_without_its_words(
    tmp_path: Path, body: str, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(VaultError, match=words) as said:
        CommandKey((script(tmp_path, body),), 20).read()
    assert TEXT not in str(said.value)
    assert "something else" not in str(said.value)
    assert capfd.readouterr() == ("", "")


def test_a_command_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    command = script(tmp_path, f"sleep 600 & echo $! > {marker}; wait")
    with pytest.raises(VaultError, match=r"did not answer within 0\.5 s"):
        CommandKey((command,), 0.5).read()
    child = int(marker.read_text())
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("what the command started lives on")


def test_a_command_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match=r"cannot be run .*correct keys\.command"):
        CommandKey((str(tmp_path / "absent"),), 5).read()


class Counting(KeyFile):
    """A key file that counts how often it is read."""

    reads = 0

    def read(self) -> KeyEncryptionKey:
        self.reads += 1
        return super().read()


def test_what_is_nowhere_is_not_looked_for_all_the_time(tmp_path: Path) -> None:
    file = Counting(tmp_path / "kek")
    key = file.create()
    finder = KeyFinder((file,))
    for _ in range(50):
        assert finder.find("0" * 16, wait=False) is None
    assert file.reads == 1
    assert finder.find(key.key_id(), wait=False) == key
    assert finder.find("0" * 16, wait=True) is None
    assert file.reads == 3, "whoever may wait looks all the same"


def test_slow_places_are_asked_by_those_only_who_may_wait(tmp_path: Path) -> None:
    finder = KeyFinder((CommandKey((script(tmp_path, f"echo {TEXT}"),), 10),))
    assert finder.find(KEY.key_id(), wait=False) is None
    assert finder.find(KEY.key_id(), wait=True) == KEY
