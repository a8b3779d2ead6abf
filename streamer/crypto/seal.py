"""Seals small things that are no patient's own: answers kept, places in lists. AES-256-GCM."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from streamer.errors import VaultError

_NONCE_BYTES = 12


class Seal:
    """Under one key; safe to use from several threads."""

    def __init__(self, key: bytes) -> None:
        """Keep the key: 32 bytes that are used for nothing else."""
        self._aead = AESGCM(key)

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """Return nonce, ciphertext and tag.

        Args:
            plain: What nobody else is to read.
            place: Where it belongs: it opens nowhere else.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plain, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """Return what was sealed.

        Raises:
            VaultError: It was sealed for another place, under another key, or is not whole.
        """
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place)
        except (InvalidTag, ValueError) as error:
            raise VaultError("sealed bytes do not open here") from error
