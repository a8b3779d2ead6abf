"""What a QR code says: which code it is and until when, and that this site has issued it.

Used by `storage.codes`. Symmetric: who reads is who issues.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from streamer.crypto.site_secrets import Derives

PREFIX: Final = "K1"
"""Before every token: Kirdi's, first version."""

_BODY: Final = struct.Struct(">16sI")
_TAG_BYTES: Final = 16
# 36 bytes in base32 without padding: letters and digits a QR code packs tightly.
_LENGTH: Final = 58
_PADDING: Final = "======"


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says.

    Attributes:
        code_id: Random, opaque; the database knows what for, and whether it has been used.
        expires_at: UTC, whole seconds; from then on it is refused.
    """

    code_id: UUID
    expires_at: datetime


class TokenSigner:
    """Signs and checks: 20 bytes of content, and 16 of HMAC-SHA256 over site and content.

    A 128-bit tag cannot be found by trying, so forged tokens need no limit of attempts.
    """

    def __init__(self, secrets: Derives, site_id: str) -> None:
        """Derive the key; the site is signed with every token, and not written into it."""
        self._key = secrets.derive("kirdi/code-token/v1")
        self._site = site_id.encode() + b"\0"

    def sign(self, token: Token) -> str:
        """Return 60 characters of A-Z and 2-7 after the prefix."""
        body = _BODY.pack(token.code_id.bytes, int(token.expires_at.timestamp()))
        packed = base64.b32encode(body + self._tag(body)).decode()
        return PREFIX + packed.rstrip("=")

    def read(self, text: str) -> Token | None:
        """Return what a token says; None unless this site signed exactly this.

        Whether it has expired or been used is not looked at.
        """
        packed = text.strip().upper().removeprefix(PREFIX)
        if not looks_like_token(text) or len(packed) != _LENGTH:
            return None
        try:
            content = base64.b32decode(packed + _PADDING)
        except binascii.Error:
            return None
        body, tag = content[: _BODY.size], content[_BODY.size :]
        if not hmac.compare_digest(tag, self._tag(body)):
            return None
        code_id, expires = _BODY.unpack(body)
        return Token(UUID(bytes=code_id), datetime.fromtimestamp(expires, UTC))

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self._key, self._site + body, hashlib.sha256)[:_TAG_BYTES]


def looks_like_token(text: str) -> bool:
    """Does it begin as our tokens do?"""
    return text.strip().upper().startswith(PREFIX)
