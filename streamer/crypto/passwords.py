"""Passwords of staff: argon2id over a keyed hash of what was typed. Blocking, on purpose slow.

Called in threads: by `web.security.password_check` and by `kirdi users`.
"""

import base64
import hashlib
import hmac
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

# The strongest of OWASP's equal choices (Password Storage Cheat Sheet): 46 MiB once over, one lane.
# The processor is the cameras', too; what a sign-in costs is measured in docs/design/0022.
TIME_COST: Final = 1
MEMORY_KIB: Final = 47_104
LANES: Final = 1


class Passwords:
    """Makes and checks hashes.

    The hash is of an HMAC under a key that is not in the database: with a copy of the database
    alone not even a weak password can be guessed.
    """

    def __init__(
        self, pepper: bytes, time_cost: int = TIME_COST, memory_kib: int = MEMORY_KIB
    ) -> None:
        """Keep the key and the parameters for new hashes; old ones name their own."""
        self._pepper = pepper
        self._hasher = PasswordHasher(time_cost, memory_kib, LANES, type=Type.ID)
        self._nobody: str | None = None

    def hash(self, password: str) -> str:
        """Return the hash in PHC form: algorithm, parameters, salt, hash."""
        return self._hasher.hash(self._peppered(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Is it the password?

        Args:
            stored: What `hash` returned; None takes the same work and is never right, so that
                nobody learns which accounts there are.
            password: As typed.
        """
        if self._nobody is None:
            self._nobody = self._hasher.hash(b"nobody's")
        try:
            right = self._hasher.verify(stored or self._nobody, self._peppered(password))
        except (VerificationError, InvalidHashError):
            return False
        return right and stored is not None

    def outdated(self, stored: str) -> bool:
        """Was it made with other parameters than new ones are?"""
        return self._hasher.check_needs_rehash(stored)

    def _peppered(self, password: str) -> bytes:
        # The same on every keyboard: NFKC, as RFC 8265 has it for passwords (OpaqueString is NFC;
        # compatibility forms are folded, too, for a full-width keyboard).
        typed = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
        return base64.b64encode(hmac.digest(self._pepper, typed, hashlib.sha256))
