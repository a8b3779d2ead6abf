"""Hashes and seals what the API keeps of writes that may be repeated. Used by `storage`.

Keys and requests are kept as HMAC-SHA256: a plain hash of a request with six digits in it would be
undone in a moment. Answers are sealed, each for its own key and request.
"""

import hashlib
import hmac
from collections.abc import Callable

from streamer.crypto.seal import Seal


class AnswerSeal:
    """Under two keys of its own."""

    def __init__(self, derive: Callable[[str], bytes]) -> None:
        """Derive the keys: the same use always gives the same 32 bytes."""
        self._hash_key = derive("kirdi/idempotency-hash/v1")
        self._seal = Seal(derive("kirdi/idempotency-answer/v1"))

    def hash(self, *parts: str | bytes) -> bytes:
        """Return 32 bytes; other parts, or the same cut otherwise, give others."""
        encoded = [one.encode() if isinstance(one, str) else one for one in parts]
        message = b"".join(len(one).to_bytes(8, "big") + one for one in encoded)
        return hmac.digest(self._hash_key, message, hashlib.sha256)

    def seal(self, answer: bytes, key_hash: bytes, request_hash: bytes) -> bytes:
        """Return the answer sealed for this key and request."""
        return self._seal.seal(answer, key_hash + request_hash)

    def open(self, sealed: bytes, key_hash: bytes, request_hash: bytes) -> bytes:
        """Return the answer; raises VaultError where it is another request's."""
        return self._seal.open(sealed, key_hash + request_hash)
