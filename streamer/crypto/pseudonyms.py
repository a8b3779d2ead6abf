"""Stands in for references where somebody may count rows and know nobody. Used by `web`."""

import hashlib
import hmac
from collections.abc import Callable

_BYTES = 16


class Pseudonyms:
    """HMAC-SHA256 under a key of its own: the same thing has the same pseudonym at this site only.

    References are few and follow patterns: a plain hash of one would be undone by trying them.
    """

    def __init__(self, derive: Callable[[str], bytes]) -> None:
        """Derive the key."""
        self._key = derive("kirdi/pseudonym/v1")

    def of(self, kind: str, reference: str) -> str:
        """Return 32 hexadecimal digits.

        Args:
            kind: What is referred to: a patient and an appointment of one number must not look
                alike.
            reference: The clinic's.
        """
        message = kind.encode() + b"\0" + reference.encode()
        return hmac.digest(self._key, message, hashlib.sha256)[:_BYTES].hex()
