"""Where a key-encryption key comes from: a file, the environment, a command.

Each is a `KeySource`. Collected by `streamer.key_places` from the settings; read by `storage.keys`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.keyfile import KeyFile


class KeySource(Protocol):
    """One place that yields one key. Every method blocks."""

    @property
    def name(self) -> str:
        """What it is and where, for people; nothing secret."""
        ...

    @property
    def quick(self) -> bool:
        """Does reading take no longer than a small file's?"""
        ...

    def exists(self) -> bool:
        """Is there something, whether it can be read or not?"""
        ...

    def read(self) -> KeyEncryptionKey:
        """Return the key; raises VaultError with the remedy."""
        ...


@dataclass(frozen=True, slots=True)
class KeySources:
    """The two places of an installation.

    Attributes:
        primary: Where the key is.
        next: Where the new one is, from the start of a rotation until it has taken its place.
    """

    primary: KeySource
    next: KeySource

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """A key file, and the new one beside it."""
        return cls(KeyFile(path), KeyFile(next_to(path)))


def next_to(path: Path) -> Path:
    """Where the key lies that will take this one's place."""
    return path.with_name(f"{path.name}.next")
