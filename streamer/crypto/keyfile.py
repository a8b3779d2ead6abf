"""The file that holds the key-encryption key, outside the database and its backups.

Blocking. A `KeySource`; what `kirdi vault rotate` makes and retires.
"""

import os
import secrets
import stat
from pathlib import Path

from streamer.crypto.key import KEY_BYTES, KeyEncryptionKey
from streamer.errors import VaultError


class KeyFile:
    """32 random bytes, readable by the service's user alone."""

    quick = True

    def __init__(self, path: Path) -> None:
        """Remember the path; nothing is opened."""
        self.path = path

    @property
    def name(self) -> str:
        """See `KeySource`."""
        return f"key file {self.path}"

    def exists(self) -> bool:
        """Is there something at the path, readable or not?"""
        return os.path.lexists(self.path)

    def create(self) -> KeyEncryptionKey:
        """Write a new random key and return it; never over something that is there.

        The key appears at its path complete or not at all: it is written and synced under another
        name in the same folder and then linked.

        Raises:
            VaultError: Something is there already, or the folder cannot be written.
        """
        return self.keep(KeyEncryptionKey(secrets.token_bytes(KEY_BYTES)))

    def keep(self, key: KeyEncryptionKey) -> KeyEncryptionKey:
        """Write a key as `create` does, and return it; raises VaultError as that does."""
        draft = self._draft()
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_synced(draft, key.material)
            try:
                os.link(draft, self.path)
            except FileExistsError as error:
                raise VaultError(
                    f"key file {self.path}: is there already and is never overwritten; keep it"
                ) from error
            finally:
                draft.unlink()
            _sync_folder(self.path.parent)
        except OSError as error:
            raise VaultError(
                f"key file {self.path}: cannot be created ({error.strerror}); "
                "make its folder writable for this user"
            ) from error
        return key

    def read(self) -> KeyEncryptionKey:
        """Return the key.

        Raises:
            VaultError: Missing, unreadable, open to others, or not 32 bytes.
        """
        try:
            # O_NONBLOCK: a pipe in the key's place must not hang the start.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError as error:
            raise VaultError(
                f"key file {self.path}: is missing; restore it from where it was backed up"
            ) from error
        except OSError as error:
            raise VaultError(
                f"key file {self.path}: cannot be read ({error.strerror}); "
                "run as the user who owns it"
            ) from error
        try:
            self._check_guarded(os.fstat(descriptor))
            material = os.read(descriptor, KEY_BYTES + 1)
        finally:
            os.close(descriptor)
        if len(material) != KEY_BYTES:
            raise VaultError(
                f"key file {self.path}: does not hold {KEY_BYTES} bytes; restore it from its backup"
            )
        return KeyEncryptionKey(material)

    def replace(self, key: KeyEncryptionKey, retired: Path) -> None:
        """Keep what is here as `retired` and put this key in its place; raises VaultError.

        At every moment one of them is at this file's path.
        """
        draft = self._draft()
        try:
            if self.exists() and not self._is_kept_as(retired):
                os.link(self.path, retired)
            _write_synced(draft, key.material)
            try:
                draft.replace(self.path)
            except OSError:
                draft.unlink()
                raise
            _sync_folder(self.path.parent)
        except OSError as error:
            raise VaultError(
                f"{self.name}: cannot be replaced ({error.strerror}); put the new key in its "
                "place by hand"
            ) from error

    def remove(self) -> None:
        """Remove the file, where another one holds the same key; raises VaultError."""
        try:
            self.path.unlink(missing_ok=True)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise VaultError(
                f"{self.name}: cannot be removed ({error.strerror}); remove it by hand"
            ) from error

    def _is_kept_as(self, retired: Path) -> bool:
        """Is the key there already? It is used again where a backup of before was restored."""
        if _same_file(self.path, retired):
            return True
        return retired.is_file() and KeyFile(retired).read() == self.read()

    def _draft(self) -> Path:
        return self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")

    def _check_guarded(self, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise VaultError(f"key file {self.path}: is not a file; restore it from its backup")
        if status.st_mode & 0o077 and status.st_size != KEY_BYTES:
            # Nobody is told to change the rights of something that is no key.
            raise VaultError(
                f"key file {self.path}: does not hold {KEY_BYTES} bytes, so it is none; look at "
                "the path, or restore it from its backup"
            )
        if status.st_mode & 0o077:
            raise VaultError(
                f"key file {self.path}: others may read it "
                f"(mode {stat.S_IMODE(status.st_mode):04o}); run chmod 600 on it"
            )
        if status.st_uid not in (0, os.geteuid()):
            raise VaultError(
                f"key file {self.path}: belongs to another user; chown it to the service's user"
            )


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except FileNotFoundError:
        return False


def _write_synced(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            path.unlink()
            raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
