"""A file sealed under a secret of its own."""

import pytest

from streamer.crypto.sealed_file import open_file, seal_file
from streamer.errors import VaultError

CONTENT = "Әлия Қожа,+77011234567".encode()


def test_it_opens_with_its_secret_however_it_is_written() -> None:
    sealed, secret = seal_file(CONTENT)
    assert CONTENT not in sealed
    for spelled in (secret, secret.lower(), secret.replace("-", " "), f"  {secret}\n"):
        assert open_file(sealed, spelled) == CONTENT


def test_two_files_have_two_secrets() -> None:
    first, second = seal_file(CONTENT), seal_file(CONTENT)
    assert first[1] != second[1]
    with pytest.raises(VaultError, match="another file's"):
        open_file(first[0], second[1])


@pytest.mark.parametrize("secret", ["", "ABCD", "1111-1111", "Ж" * 52])
def test_a_secret_that_is_none(secret: str) -> None:
    with pytest.raises(VaultError, match="52 letters"):
        open_file(seal_file(CONTENT)[0], secret)


@pytest.mark.parametrize("place", [0, 20, 30, -1])
def test_a_changed_or_cut_file(place: int) -> None:
    sealed, secret = seal_file(CONTENT)
    changed = bytearray(sealed)
    changed[place] ^= 1
    for bad in (bytes(changed), sealed[:place]):
        with pytest.raises(VaultError):
            open_file(bad, secret)
