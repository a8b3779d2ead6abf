"""Seals a file under a secret of its own, told once to whoever made it. Used by `kirdi incident`.

Not under the key-encryption key: that one may be the very thing that was lost.
"""

import base64
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from streamer.errors import VaultError

_MAGIC: Final = b"KIRDI-SEALED-1\n"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_GROUP: Final = 4


def seal_file(content: bytes) -> tuple[bytes, str]:
    """Encrypt with AES-256-GCM under a new random key.

    Returns:
        The sealed bytes, and the secret that opens them: 52 letters and digits in groups of four.
    """
    key, nonce = secrets.token_bytes(_KEY_BYTES), secrets.token_bytes(_NONCE_BYTES)
    letters = base64.b32encode(key).decode().rstrip("=")
    secret = "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))
    return _MAGIC + nonce + AESGCM(key).encrypt(nonce, content, _MAGIC), secret


def open_file(sealed: bytes, secret: str) -> bytes:
    """Decrypt what `seal_file` made.

    Args:
        sealed: The file.
        secret: As it was told, in whatever groups and capitals.

    Raises:
        VaultError: It is no such file, the secret is another file's, or it was changed.
    """
    if not sealed.startswith(_MAGIC):
        raise VaultError("sealed file: is none that Kirdi has sealed; look at its name")
    letters = "".join(one for one in secret.upper() if one.isalnum())
    try:
        key = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError:
        # binascii.Error is one, and so is what a letter of another alphabet raises.
        key = b""
    nonce, body = sealed[len(_MAGIC) :][:_NONCE_BYTES], sealed[len(_MAGIC) + _NONCE_BYTES :]
    if len(key) != _KEY_BYTES:
        raise VaultError("sealed file: the secret has 52 letters and digits; write all of it")
    try:
        return AESGCM(key).decrypt(nonce, body, _MAGIC)
    except (InvalidTag, ValueError) as error:
        raise VaultError(
            "sealed file: does not open; the secret is another file's, or the file was changed"
        ) from error
