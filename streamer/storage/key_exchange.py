"""One key-encryption key for another, from finding the new one to keeping the former one aside.

Called by `kirdi vault rotate`. Each step that a former command left undone is done first.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from streamer.clock import Clock
from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.key_finder import KeyFinder
from streamer.crypto.key_handover import hand_over, new_key
from streamer.crypto.key_source import KeySources
from streamer.crypto.keyfile import KeyFile
from streamer.crypto.vault import Vault
from streamer.domain.actor import Actor
from streamer.errors import VaultError
from streamer.storage.key_rotation import ANNOUNCE_S, KeyRotation


@dataclass(frozen=True, slots=True)
class Exchanged:
    """How it ended.

    Attributes:
        key_id: Of the key that wraps everything now.
        rows: So many keys were wrapped anew, this time.
        words: What was done with the places of keys, or is to be done, a sentence each.
    """

    key_id: str
    rows: int
    words: tuple[str, ...]


class KeyExchange:
    """Of one installation."""

    def __init__(
        self, rotation: KeyRotation, vault: Vault, sources: KeySources, clock: Clock
    ) -> None:
        """Keep the collaborators."""
        self._rotation = rotation
        self._vault = vault
        self._sources = sources
        self._clock = clock

    async def run(
        self,
        by: Actor,
        given: Path | None,
        fetching_s: float,
        told: Callable[[str], None],
    ) -> Exchanged:
        """Exchange the key, or finish what a former command began.

        Args:
            by: Who does it.
            given: A file with the new key; None = it is in its place, or one is made.
            fetching_s: How long a slow source may take to give a key.
            told: Is told what to keep safe, before anything is wrapped by it.

        Raises:
            VaultError: A key is lost, another exchange is under way, or a row does not open.
            DatabaseError: It refuses; what is done is done.
        """
        async with self._rotation.alone():
            rows = await self._wrap_anew(by, given, fetching_s, told)
            words = await asyncio.to_thread(self._hand_over)
            return Exchanged(self._vault.ring.current_id, rows, words)

    async def _wrap_anew(
        self,
        by: Actor,
        given: Path | None,
        fetching_s: float,
        told: Callable[[str], None],
    ) -> int:
        rotation = await self._rotation.under_way()
        if rotation is not None and await self._rotation.abandon_unbegun(rotation, by):
            rotation = None
        if rotation is None:
            if await asyncio.to_thread(self._is_not_finished):
                # All rows are done; a former command ended before the new key had taken its place.
                return 0
            await self._rotation.refuse_several_sites()
            key = await asyncio.to_thread(self._new_key, given)
            told(
                f"The new key {key.key_id()}: {self._sources.next.name}. Back it up now, apart "
                "from the database."
            )
            slow = not (self._sources.primary.quick and self._sources.next.quick)
            wait_s = ANNOUNCE_S + fetching_s if slow else 0.0
            rotation = await self._rotation.begin(key, by, announce_s=wait_s)
        return await self._rotation.rewrap(rotation, by)

    def _new_key(self, given: Path | None) -> KeyEncryptionKey:
        return new_key(self._sources, given, make=isinstance(self._sources.primary, KeyFile))

    def _is_not_finished(self) -> bool:
        """Is the current key still in the place of the new one, or not where keys come from?"""
        current = self._vault.ring.current_id
        places = (self._sources.primary, self._sources.next)
        held = [KeyFinder((place,)).find(current, wait=True) is not None for place in places]
        return held != [True, False]

    def _hand_over(self) -> tuple[str, ...]:
        finder = KeyFinder((self._sources.next, self._sources.primary))
        key = finder.find(self._vault.ring.current_id, wait=True)
        if key is None:
            raise VaultError(
                f"key {self._vault.ring.current_id}: everything is wrapped by it, and it is gone "
                f"from {self._sources.next.name}; restore it there"
            )
        return hand_over(self._sources, key, self._clock.now())
