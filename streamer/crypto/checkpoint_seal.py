"""Signs the audit's checkpoints, so that who can write the file cannot make one up.

Used by `storage.checkpoint_file` and `settings_record`.
"""

import hashlib
import hmac

from streamer.crypto.site_secrets import Derives


class CheckpointSeal:
    """HMAC-SHA256 under a key of its own, bound to the site."""

    def __init__(self, secrets: Derives, site_id: str) -> None:
        """Derive the key; those of different sites have nothing in common."""
        self._key = secrets.derive("kirdi/audit-checkpoint/v1")
        self._site = site_id.encode() + b"\0"

    def of(self, text: bytes) -> str:
        """Return 64 hexadecimal digits for a text."""
        return hmac.digest(self._key, self._site + text, hashlib.sha256).hex()

    def fits(self, text: bytes, seal: str) -> bool:
        """Was this sealed so?"""
        return hmac.compare_digest(self.of(text).encode(), seal.encode())
