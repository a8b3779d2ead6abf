"""A key given to the process as a secret: a variable, or a credential that systemd hands over.

Made by `streamer.key_places`.
"""

import base64
import binascii
import os
from pathlib import Path
from typing import Final

from streamer.crypto.key import KEY_BYTES, KeyEncryptionKey
from streamer.errors import VaultError

_MOST_BYTES: Final = 4096


class EnvironmentKey:
    """32 bytes in base64, or a credential's file, which may also hold the 32 bytes themselves."""

    quick = True

    def __init__(self, variable: str, value: str | None, credential: Path | None) -> None:
        """Keep the value; nothing is read.

        Args:
            variable: Its name, for messages.
            value: What it held; None = it was not set.
            credential: Where systemd puts a credential of that name; asked where it was not set.
        """
        self._variable = variable
        self._value = value
        self._credential = credential

    def __repr__(self) -> str:
        return f"EnvironmentKey({self._variable})"

    @property
    def name(self) -> str:
        """See `KeySource`."""
        if self._value is None and self._credential is not None:
            return f"variable {self._variable} or credential {self._credential}"
        return f"variable {self._variable}"

    def exists(self) -> bool:
        """See `KeySource`."""
        if self._value is not None:
            return True
        return self._credential is not None and os.path.lexists(self._credential)

    def read(self) -> KeyEncryptionKey:
        """Return the key.

        Raises:
            VaultError: There is none, or it is no 32 bytes.
        """
        if self._value is not None:
            return key_of(self._value.encode(), self.name)
        if self._credential is None or not self.exists():
            raise VaultError(
                f"{self.name}: is not set; give it the 32 bytes of the key in base64, as a secret "
                "of the service, or correct keys.source"
            )
        try:
            with self._credential.open("rb") as file:
                return key_of(file.read(_MOST_BYTES), self.name)
        except OSError as error:
            raise VaultError(
                f"{self.name}: cannot be read ({error.strerror}); look at the service's "
                "LoadCredential"
            ) from error


def key_of(given: bytes, name: str) -> KeyEncryptionKey:
    """Return the key that is given as 32 bytes or in base64.

    Raises:
        VaultError: It is neither; the message repeats nothing of it.
    """
    # 32 characters are a password, or half a key in hexadecimal, and no random bytes.
    if len(given) == KEY_BYTES and not (given.isascii() and given.decode().isprintable()):
        return KeyEncryptionKey(given)
    try:
        material = base64.b64decode(given.strip(), validate=True)
    except (binascii.Error, ValueError):
        material = b""
    if len(material) != KEY_BYTES:
        # `from None`: nothing of what was given may get into a traceback.
        raise VaultError(
            f"{name}: holds no key; it must be {KEY_BYTES} bytes in base64 (44 characters)"
        ) from None
    return KeyEncryptionKey(material)
