"""What is derived for the site and has to outlast every rotation. Had as `Database.secrets`.

Identity numbers are found by a keyed hash, codes and tokens are checked by one: under another key
none of those in the database would be found again. So these keys come from a secret of the
database's own, which is stored wrapped (docs/design/0018).
"""

from collections.abc import Mapping
from typing import Final, Protocol

from streamer.crypto.key import derived

INHERITED: Final = (
    "kirdi/identity-number/v1",
    "kirdi/one-time-code/v1",
    "kirdi/code-token/v1",
)
"""The uses whose keys were derived from the key-encryption key itself, in databases of before."""


class Derives(Protocol):
    """Whatever a key for one use can be derived from."""

    def derive(self, use: str) -> bytes:
        """Return the 32-byte key for one use; the same use always gives the same key."""
        ...


class SiteSecrets:
    """Derives by HKDF-SHA256 from 32 random bytes; what databases of before had stays as it was."""

    def __init__(self, root: bytes, inherited: Mapping[str, bytes]) -> None:
        """Keep the secret.

        Args:
            root: 32 random bytes.
            inherited: Use to key, where the key is what it always was.
        """
        self._root = root
        self._inherited = dict(inherited)

    def __repr__(self) -> str:
        return "SiteSecrets()"

    def derive(self, use: str) -> bytes:
        """Return the 32-byte key for one use; the same use always gives the same key."""
        return self._inherited.get(use) or derived(self._root, use)
