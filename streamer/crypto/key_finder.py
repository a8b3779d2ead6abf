"""Looks for a key by its id wherever keys may be. Used by `key_ring` when a row names a new one."""

import threading
import time
from collections.abc import Sequence
from typing import Final

from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.key_source import KeySource
from streamer.errors import VaultError

_AGAIN_S: Final = 2.0
_MOST_ABSENT: Final = 64


class KeyFinder:
    """Asks the sources one after the other. What is nowhere is not looked for all the time.

    A damaged row may name any key: without this bound each reading of it would read the sources.
    """

    def __init__(self, sources: Sequence[KeySource]) -> None:
        """Keep the sources; nothing is read."""
        self.sources = tuple(sources)
        self._absent: dict[str, float] = {}
        self._lock = threading.Lock()

    def find(self, key_id: str, *, wait: bool) -> KeyEncryptionKey | None:
        """Return the key of this id; None = no source has it.

        Args:
            key_id: As `KeyEncryptionKey.key_id`.
            wait: Ask slow sources, too; blocks for as long as they take.
        """
        with self._lock:
            if not wait and time.monotonic() < self._absent.get(key_id, 0.0):
                return None
        for source in self.sources:
            if not source.quick and not wait:
                continue
            try:
                key = source.read()
            except VaultError:
                continue
            if key.key_id() == key_id:
                return key
        with self._lock:
            if len(self._absent) >= _MOST_ABSENT:
                self._absent.clear()
            self._absent[key_id] = time.monotonic() + _AGAIN_S
        return None
