"""The key-encryption key in memory. Read by the key sources, used by `key_ring`."""

from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
KEY_ID_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class KeyEncryptionKey:
    """32 secret bytes from which every other key is derived or by which it is wrapped.

    The bytes themselves encrypt nothing: each use gets a key of its own by HKDF-SHA256 (RFC 5869),
    so that no use can weaken another.
    """

    material: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.material) != KEY_BYTES:
            raise ValueError(f"a key-encryption key has {KEY_BYTES} bytes")

    def derive(self, use: str) -> bytes:
        """Return the 32-byte key for one use; the same use always gives the same key."""
        return derived(self.material, use)

    def check_value(self) -> str:
        """Return a public value that tells this key from another and reveals nothing of it."""
        return self.derive("kirdi/key-check/v1")[:16].hex()

    def key_id(self) -> str:
        """Return the public name of this key: the first 16 digits of its check value."""
        return self.check_value()[: 2 * KEY_ID_BYTES]


def derived(material: bytes, use: str) -> bytes:
    """Return the 32-byte key for one use of 32 random bytes."""
    # No salt: the material is uniformly random already (RFC 5869, section 3.1).
    kdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=use.encode())
    return kdf.derive(material)
