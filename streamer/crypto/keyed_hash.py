"""Finds an identity number without storing it. Used by `storage` for patients."""

import hashlib
import hmac
import unicodedata

from streamer.crypto.site_secrets import Derives


class KeyedHash:
    """HMAC-SHA256 under a key of its own, which no rotation changes.

    A plain hash would do nothing here: there are few enough identity numbers to try them all.
    """

    def __init__(self, secrets: Derives) -> None:
        """Derive the key."""
        self._key = secrets.derive("kirdi/identity-number/v1")

    def of(self, id_type: str, number: str) -> bytes:
        """Return 32 bytes that are equal for the same document however it was typed."""
        message = id_type.encode() + b"\0" + normalise_number(number).encode()
        return hmac.digest(self._key, message, hashlib.sha256)


def normalise_number(number: str) -> str:
    """Return the number's letters and digits alone, capitals, in Unicode's NFKC form."""
    folded = unicodedata.normalize("NFKC", number).upper()
    return "".join(character for character in folded if character.isalnum())
