"""One-time codes: how their digits are drawn, and how they are found again without being stored.

Used by `storage.codes`.
"""

import hashlib
import hmac
import re
import secrets
from typing import Final

from streamer.crypto.site_secrets import Derives

SPACE: Final = 1_000_000
"""So many codes there are: six digits."""

_DIGITS: Final = re.compile(r"[0-9]{6}")


class CodeHash:
    """HMAC-SHA256 of a site and six digits, under a key of its own.

    Without the key a copy of the database gives no code away, and a million are quickly tried
    against a plain hash.
    """

    def __init__(self, site_secrets: Derives, site_id: str) -> None:
        """Derive the key; codes of different sites have nothing in common."""
        self._key = site_secrets.derive("kirdi/one-time-code/v1")
        self._site = site_id.encode() + b"\0"

    def of(self, digits: str) -> bytes:
        """Return 32 bytes for six digits."""
        return hmac.digest(self._key, self._site + digits.encode(), hashlib.sha256)


def new_digits() -> str:
    """Draw six digits, all million equally likely, from the system's secure source."""
    return f"{secrets.randbelow(SPACE):06d}"


def digits_in(text: str) -> str | None:
    """Return the six digits somebody typed, blanks and dashes between them left out; else None."""
    bare = re.sub(r"[\s-]", "", text)
    return bare if _DIGITS.fullmatch(bare) else None
