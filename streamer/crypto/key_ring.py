"""The key-encryption keys in force: one that wraps, and during a rotation another that opens.

Used by `vault`; filled by `storage.keys`. See docs/design/0018.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from streamer.crypto.key import KEY_ID_BYTES, KeyEncryptionKey
from streamer.crypto.sealing import seal, unseal
from streamer.errors import VaultError

_FIRST: Final = b"\x01"
_NAMED: Final = b"\x02"
_HEAD_BYTES: Final = 1 + KEY_ID_BYTES


class FindsKeys(Protocol):
    """Where a key may be that the ring does not hold; see `key_finder`."""

    def find(self, key_id: str, *, wait: bool) -> KeyEncryptionKey | None:
        """Return the key of this id; None = it is nowhere. `wait`: may take seconds."""
        ...


@dataclass(frozen=True, slots=True)
class _Held:
    """What the ring holds at one moment; replaced as a whole, so that no reader needs a lock."""

    current: str
    keys: Mapping[str, KeyEncryptionKey] = field(repr=False)
    ciphers: Mapping[str, AESGCM] = field(repr=False)


class KeyRing:
    """Wraps under the current key, opens under any it holds. Safe to use from several threads.

    Wrapped bytes are: version 2 (1), id of the wrapping key (8), nonce (12), ciphertext, tag (16).
    Those of version 1 name no key; they are of the first one.
    """

    def __init__(self, current: KeyEncryptionKey, finder: FindsKeys | None = None) -> None:
        """Begin with one key; `finder` is asked for those it does not hold."""
        self._finder = finder
        self._held = _held(current.key_id(), {current.key_id(): current})

    def __repr__(self) -> str:
        return f"KeyRing(current={self.current_id})"

    @property
    def current_id(self) -> str:
        """The id of the key that wraps."""
        return self._held.current

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all keys it holds."""
        return frozenset(self._held.keys)

    def learn(self, key_id: str) -> bool:
        """Hold a key, searching for it where keys are; may take seconds. Is it held now?"""
        return self._learned(key_id, wait=True)

    def promote(self, key_id: str) -> None:
        """Wrap under this key from now on; may take seconds.

        Raises:
            VaultError: It is nowhere to be found.
        """
        if not self.learn(key_id):
            raise VaultError(_not_here(f"key {key_id}: it wraps new keys since a rotation"))
        self._held = _held(key_id, self._held.keys)

    def forget_all_but(self, key_ids: frozenset[str]) -> None:
        """Let go of keys that open nothing any more; the current one stays."""
        held = self._held
        kept = {one: key for one, key in held.keys.items() if one in key_ids | {held.current}}
        self._held = _held(held.current, kept)

    def wrap(self, place: bytes, plain: bytes) -> bytes:
        """Encrypt a key for one place, under the current key."""
        held = self._held
        head = _NAMED + bytes.fromhex(held.current)
        return seal(held.ciphers[held.current], head, place, plain)

    def unwrap(self, place: bytes, wrapped: bytes, what: str) -> bytes:
        """Decrypt what was wrapped for this place.

        Raises:
            VaultError: Damaged, wrapped for another place, or by a key that is nowhere.
        """
        if wrapped[:1] == _FIRST:
            return self._unwrap_unnamed(place, wrapped, what)
        if wrapped[:1] != _NAMED:
            raise VaultError(f"{what}: was sealed by a newer Kirdi; update this one")
        key_id = wrapped_by(wrapped)
        if key_id is None or len(wrapped) < _HEAD_BYTES:
            raise VaultError(f"{what}: is cut short; restore the database from its backup")
        if not self._learned(key_id, wait=False):
            raise VaultError(_not_here(f"{what}: is wrapped by key {key_id}"))
        return unseal(self._held.ciphers[key_id], _HEAD_BYTES, place, wrapped, what)

    def is_current(self, wrapped: bytes) -> bool:
        """Was this wrapped by the current key?"""
        return wrapped_by(wrapped) == self.current_id

    def sign(self, use: str, message: bytes) -> bytes:
        """Return HMAC-SHA256 under what is derived from the current key for `use`."""
        held = self._held
        return hmac.digest(held.keys[held.current].derive(use), message, hashlib.sha256)

    def _learned(self, key_id: str, *, wait: bool) -> bool:
        if key_id in self._held.keys:
            return True
        found = self._finder.find(key_id, wait=wait) if self._finder is not None else None
        if found is None:
            return False
        held = self._held
        self._held = _held(held.current, {**held.keys, key_id: found})
        return True

    def _unwrap_unnamed(self, place: bytes, wrapped: bytes, what: str) -> bytes:
        *others, last = self._held.ciphers.values()
        for cipher in others:
            try:
                return unseal(cipher, len(_FIRST), place, wrapped, what)
            except VaultError:
                # Authenticated: a wrong key never opens anything.
                continue
        return unseal(last, len(_FIRST), place, wrapped, what)


def wrapped_by(wrapped: bytes) -> str | None:
    """Return the id of the key that wrapped these bytes; None = they name none (version 1)."""
    return wrapped[1:_HEAD_BYTES].hex() if wrapped[:1] == _NAMED else None


def _held(current: str, keys: Mapping[str, KeyEncryptionKey]) -> _Held:
    ciphers = {one: AESGCM(key.derive("kirdi/wrap-data-key/v1")) for one, key in keys.items()}
    return _Held(current, dict(keys), ciphers)


def _not_here(what: str) -> str:
    return f"{what}, and that key is not here; `kirdi vault status` says where it is looked for"
