"""AES-256-GCM with random 96-bit nonces, as `vault` and `key_ring` use it."""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from streamer.errors import VaultError

_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


def seal(cipher: AESGCM, head: bytes, place: bytes, plain: bytes) -> bytes:
    """Return head, nonce (12), ciphertext and tag (16); head and place are authenticated."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return head + nonce + cipher.encrypt(nonce, plain, head + place)


def unseal(cipher: AESGCM, head_bytes: int, place: bytes, sealed: bytes, what: str) -> bytes:
    """Return what was sealed.

    Args:
        cipher: Under the key it was sealed with.
        head_bytes: How many bytes stand before the nonce.
        place: As it was sealed for.
        sealed: What `seal` returned.
        what: Names it in errors.

    Raises:
        VaultError: Cut short, damaged, or sealed for another place or with another key.
    """
    if len(sealed) < head_bytes + _NONCE_BYTES + _TAG_BYTES:
        raise VaultError(f"{what}: is cut short; restore the database from its backup")
    head, rest = sealed[:head_bytes], sealed[head_bytes:]
    try:
        return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], head + place)
    except InvalidTag as error:
        raise VaultError(
            f"{what}: does not open: damaged, moved from elsewhere, or sealed with another key; "
            "restore the database and its key file from the same backup"
        ) from error
