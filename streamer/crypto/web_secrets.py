"""The secrets that browsers and programs come with: drawn here, and kept as keyed hashes only.

Used by `storage` for sessions, tokens and attempts, and by `web` for what is bound to a session.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Final

TOKEN_PREFIX: Final = "kirdi_"  # noqa: S105
"""Before every API token, so that a forgotten one is found in files and logs."""

_BYTES: Final = 32


# Told over the telephone without a mistake: no 0, 1, i, l, o.
_READABLE: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS: Final = 5
_PAIRING: Final = 8


def new_one_time_password() -> str:
    """Draw a password to be used once: five groups of four, 99 bits."""
    drawn = ("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(_GROUPS))
    return "-".join(drawn)


def new_pairing_code() -> str:
    """Draw what is typed at a tablet once, within minutes: eight characters, 39 bits."""
    drawn = "".join(secrets.choice(_READABLE) for _ in range(_PAIRING))
    return f"{drawn[:4]}-{drawn[4:]}"


class WebSecrets:
    """HMAC-SHA256 under keys of their own, one for each use."""

    def __init__(self, derive: Callable[[str], bytes]) -> None:
        """Derive the keys.

        Args:
            derive: Gives the 32-byte key for one use.
        """
        self._session = derive("kirdi/web-session/v1")
        self._token = derive("kirdi/api-token/v1")
        self._subject = derive("kirdi/sign-in-subject/v1")
        self._csrf = derive("kirdi/csrf/v1")
        self._device = derive("kirdi/device-token/v1")
        self._pairing = derive("kirdi/device-pairing/v1")
        self._state = derive("kirdi/oidc-state/v1")
        self.pepper = derive("kirdi/password-pepper/v1")

    def session(self, secret: str) -> bytes:
        """What is stored of a session's secret."""
        return _hash(self._session, secret)

    def token(self, secret: str) -> bytes:
        """What is stored of an API token."""
        return _hash(self._token, secret)

    def device(self, token: str) -> bytes:
        """What is stored of a device's token."""
        return _hash(self._device, token)

    def pairing(self, code: str) -> bytes:
        """What is stored of a pairing code, however it is typed."""
        return _hash(self._pairing, "".join(one for one in code.lower() if one.isalnum()))

    def subject(self, text: str) -> bytes:
        """What is stored of an account's name or an address that signing in was tried with."""
        return _hash(self._subject, text)

    def csrf(self, session_secret: str) -> str:
        """The token that goes with a session; nobody can work it out from another session's."""
        return _text(_hash(self._csrf, session_secret))

    def seal_state(self, text: str) -> str:
        """Sign what a browser carries to itself, so that it comes back as it was."""
        body = _text(text.encode())
        return f"{body}.{_text(_hash(self._state, body))}"

    def open_state(self, sealed: str) -> str | None:
        """Return what was signed; None unless it was signed here, exactly so."""
        body, _, tag = sealed.partition(".")
        if not hmac.compare_digest(tag.encode(), _text(_hash(self._state, body)).encode()):
            return None
        return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()


def new_session_secret() -> str:
    """Draw 256 bits."""
    return _text(secrets.token_bytes(_BYTES))


def new_api_token() -> str:
    """Draw 256 bits, with the prefix before them."""
    return TOKEN_PREFIX + _text(secrets.token_bytes(_BYTES))


def _hash(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
