"""The new key takes the former one's place; the former one is kept, and nothing is overwritten."""

import base64
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from streamer.crypto.environment_key import EnvironmentKey
from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.key_handover import hand_over, new_key
from streamer.crypto.key_source import KeySources
from streamer.crypto.keyfile import KeyFile
from streamer.errors import VaultError

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_the_new_file_takes_the_place(tmp_path: Path) -> None:
    sources = KeySources.of_file(tmp_path / "kek")
    former = KeyFile(tmp_path / "kek").create()
    key = new_key(sources, None, make=True)
    assert new_key(sources, None, make=True) == key, "one that is there is not made again"
    retired = f"kek.retired-2026-11-23-{former.key_id()}"
    assert names(tmp_path) == ["kek", "kek.next"]
    for _ in range(2):
        hand_over(sources, key, NOW)
        assert names(tmp_path) == ["kek", retired, f"{retired}.txt"]
        assert sources.primary.read() == key
        assert KeyFile(tmp_path / retired).read() == former
    assert stat.S_IMODE((tmp_path / "kek").stat().st_mode) == 0o600
    assert former.key_id() in (tmp_path / f"{retired}.txt").read_text()


def test_a_key_that_was_retired_before_may_be_retired_again(tmp_path: Path) -> None:
    """As after a backup of before a rotation was restored, with a copy of its key."""
    sources = KeySources.of_file(tmp_path / "kek")
    former = KeyFile(tmp_path / "kek").create()
    retired = tmp_path / f"kek.retired-2026-11-23-{former.key_id()}"
    KeyFile(retired).keep(former)
    key = new_key(sources, None, make=True)
    assert "The former key is kept as" in hand_over(sources, key, NOW)[0]
    assert sources.primary.read() == key
    assert KeyFile(retired).read() == former
    assert names(tmp_path) == ["kek", retired.name, f"{retired.name}.txt"]


def test_a_given_key_is_copied_and_never_over_another(tmp_path: Path) -> None:
    sources = KeySources.of_file(tmp_path / "kek")
    KeyFile(tmp_path / "kek").create()
    given = KeyFile(tmp_path / "given")
    key = given.create()
    for _ in range(2):
        assert new_key(sources, given.path, make=True) == key == sources.next.read()
    KeyFile(tmp_path / "second").create()
    with pytest.raises(VaultError, match="holds another new key already"):
        new_key(sources, tmp_path / "second", make=True)
    assert sources.next.read() == key


def test_a_folder_that_lets_nothing_be_renamed_leaves_both(tmp_path: Path) -> None:
    """As where a container's key is a mounted file."""
    sources = KeySources.of_file(tmp_path / "kek")
    former = KeyFile(tmp_path / "kek").create()
    key = new_key(sources, None, make=True)
    # Taken by something else: the former key has nowhere to go.
    (tmp_path / f"kek.retired-2026-11-23-{former.key_id()}").mkdir()
    (said,) = hand_over(sources, key, NOW)
    assert "by hand" in said
    assert sources.primary.read() == former
    assert sources.next.read() == key


def test_a_vaults_key_is_put_in_place_by_a_person(tmp_path: Path) -> None:
    former, key = (KeyEncryptionKey(bytes([one]) * 32) for one in (200, 201))
    coming = KeyFile(tmp_path / "kek.next")
    before = KeySources(_variable(former), coming)
    with pytest.raises(VaultError, match=r"makes no keys there.*--new-key-file"):
        new_key(before, None, make=False)
    coming.keep(key)
    (said,) = hand_over(before, key, NOW)
    assert "variable KIRDI_KEY" in said
    assert coming.exists()
    assert hand_over(KeySources(_variable(key), coming), key, NOW) == ()
    assert not coming.exists()


def _variable(key: KeyEncryptionKey) -> EnvironmentKey:
    return EnvironmentKey("KIRDI_KEY", base64.b64encode(key.material).decode(), None)
