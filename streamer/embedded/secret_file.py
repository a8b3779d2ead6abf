"""The embedded servers' passwords: one file each, mode 0600, never on a command line."""

import os
import secrets
from pathlib import Path

from streamer.errors import EmbeddedError


class SecretFile:
    """A random password kept in a file beside the server it opens."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> str | None:
        """The password; None where the file is absent or holds no whole one.

        Raises:
            EmbeddedError: The file is there and cannot be read.
        """
        try:
            text = self._path.read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise EmbeddedError(f"{self._path}: it cannot be read ({error.strerror})") from error
        return text if len(text) == 48 and set(text) <= set("0123456789abcdef") else None

    def write(self, password: str) -> None:
        """Replace the file by one with this password, whole or not at all.

        Raises:
            EmbeddedError: It cannot be written.
        """
        fresh = self._path.with_suffix(".new")
        try:
            fresh.unlink(missing_ok=True)
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(password)
                file.flush()
                os.fsync(handle)
            fresh.rename(self._path)
        except OSError as error:
            raise EmbeddedError(f"{self._path}: it cannot be written ({error.strerror})") from error

    @staticmethod
    def generate() -> str:
        """192 random bits in hexadecimal, safe in a URL and in SQL."""
        return secrets.token_hex(24)
