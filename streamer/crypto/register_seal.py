"""Signs the register of erasures, so that nobody without the key takes a line out of it.

Used by `storage.erasure_register` and where a backup is restored.
"""

import hashlib
import hmac

from streamer.crypto.site_secrets import Derives


class RegisterSeal:
    """HMAC-SHA256, bound to the site, under a key of the database that outlasts rotations."""

    def __init__(self, secrets: Derives, site_id: str) -> None:
        """Derive the key; those of different databases have nothing in common."""
        self._key = secrets.derive("kirdi/erasure-register/v1")
        self._site = site_id

    def of(self, as_of: str, lines: int, digest: str) -> str:
        """Return 64 hexadecimal digits.

        Args:
            as_of: Up to when the register is complete, as it is written.
            lines: With how many lines.
            digest: SHA-256 of those, in hexadecimal.
        """
        text = "\n".join((self._site, as_of, str(lines), digest))
        return hmac.digest(self._key, text.encode(), hashlib.sha256).hex()

    def fits(self, as_of: str, lines: int, digest: str, seal: str) -> bool:
        """Was this sealed so?"""
        return hmac.compare_digest(self.of(as_of, lines, digest).encode(), seal.encode())
