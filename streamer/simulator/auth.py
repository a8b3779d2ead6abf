"""Basic (RFC 7617) and Digest (RFC 2617, as RTSP uses it) authentication. Used by `session`."""

import binascii
import hmac
import secrets
from base64 import b64decode
from enum import Enum

from streamer.simulator.credentials import Credentials
from streamer.simulator.digest import DigestAnswer
from streamer.simulator.rtsp import Request

_REALM = "Kirdi simulated camera"


class Verdict(Enum):
    """What the credentials of a request are worth."""

    GRANTED = "granted"
    MISSING = "missing"
    WRONG = "wrong"
    STALE = "stale"


class Authenticator:
    """Checks the requests of one connection; the nonce is the connection's own.

    A right answer to another connection's nonce is called stale, so that a client which kept one
    asks again instead of giving up.
    """

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials
        self._nonce = secrets.token_hex(16)

    def check(self, request: Request) -> Verdict:
        """Judge a request; without credentials set everyone is welcome."""
        if self._credentials is None:
            return Verdict.GRANTED
        value = request.header("authorization")
        if value is None:
            return Verdict.MISSING
        scheme, _, rest = value.partition(" ")
        if scheme.lower() == "basic":
            return _check_basic(rest.strip(), self._credentials)
        if scheme.lower() == "digest":
            return self._check_digest(request, DigestAnswer.parse(rest), self._credentials)
        return Verdict.WRONG

    def challenges(self, *, stale: bool) -> tuple[str, ...]:
        """The values of the `WWW-Authenticate` headers, the better scheme first."""
        digest = f'Digest realm="{_REALM}", nonce="{self._nonce}", algorithm=MD5'
        return (digest + (", stale=true" if stale else ""), f'Basic realm="{_REALM}"')

    def _check_digest(
        self, request: Request, answer: DigestAnswer | None, expected: Credentials
    ) -> Verdict:
        if answer is None or answer.realm != _REALM or answer.algorithm.upper() != "MD5":
            return Verdict.WRONG
        # Clients sign the address they ask for, some of them only its path.
        is_path = answer.uri.startswith("/") and request.uri.endswith(answer.uri)
        if answer.uri != request.uri and not is_path:
            return Verdict.WRONG
        wanted = answer.expected(expected.username, expected.password, request.method)
        same_user = _same(answer.username, expected.username)
        if not (_same(answer.response, wanted) and same_user):
            return Verdict.WRONG
        return Verdict.GRANTED if _same(answer.nonce, self._nonce) else Verdict.STALE


def _check_basic(token: str, expected: Credentials) -> Verdict:
    try:
        given = b64decode(token.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return Verdict.WRONG
    wanted = f"{expected.username}:{expected.password}".encode()
    return Verdict.GRANTED if hmac.compare_digest(given, wanted) else Verdict.WRONG


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(
        given.encode("utf-8", "surrogateescape"), wanted.encode("utf-8", "surrogateescape")
    )
