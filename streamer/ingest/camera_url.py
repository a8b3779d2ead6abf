"""Camera addresses and the secrets in them. Used by everything that opens or reports a camera.

Libraries repeat the whole URL in their messages, in spellings of their own. So secrets are taken
out of a text by their values, in every spelling, and never by guessing what a URL looks like.
"""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

from streamer.errors import InputError

DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322}
HIDDEN = "***"
_BASE64 = (b64encode, urlsafe_b64encode)

# Cheap cameras take the password in the path or the query: /user=admin&password=x&channel=1.
_NAMED_SECRET = re.compile(
    r"(?i)(?<![a-z0-9])((?:pass(?:word|wd)?|pwd|psw|secret|token|auth|key)=)([^&;/?#\s]+)"
)
# What Basic and Digest make of a password can't all be foreseen: the nonce is the camera's.
_AUTHORIZATION = re.compile(
    r"(?i)(authorization\W+(?:basic|digest)\s)[^\r\n]*|(\bresponse\W{1,4})[0-9a-f]{32,128}\b"
)


@dataclass(frozen=True, slots=True)
class CameraUrl:
    """An rtsp or rtsps URL, taken apart.

    Attributes:
        scheme: rtsp or rtsps.
        host: Name or address, without brackets.
        port: Given, or the scheme's own.
        target: Path and query as written, secrets included.
        username: Decoded, or None.
        password: Decoded, or None.
    """

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)
    username: str | None = field(repr=False)
    password: str | None = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> "CameraUrl":
        """Take a URL apart.

        Raises:
            InputError: It is no rtsp URL. The message does not repeat the URL.
        """
        if any(character.isspace() or not character.isprintable() for character in url):
            raise InputError(
                "camera URL: holds a space or a control character; remove it",
                code="camera_bad_address",
            )
        scheme, separator, rest = url.partition("://")
        if not separator or scheme.lower() not in DEFAULT_PORTS:
            raise InputError(
                "camera URL: must begin with rtsp:// or rtsps://", code="camera_bad_address"
            )
        try:
            parts = urlsplit(f"{scheme.lower()}://{rest}")
            host, port = parts.hostname, parts.port
        except ValueError:
            # The library's wording repeats what stands where a port should, perhaps a password.
            raise InputError(
                "camera URL: host or port cannot be read; write HOST:PORT",
                code="camera_bad_address",
            ) from None
        if not host or port == 0:
            raise InputError(
                "camera URL: names no host; write rtsp://HOST:PORT/PATH", code="camera_bad_address"
            )
        user_info, at, _ = parts.netloc.rpartition("@")
        name, colon, word = user_info.partition(":")
        return cls(
            scheme=parts.scheme,
            host=host,
            port=port or DEFAULT_PORTS[parts.scheme],
            target=parts.path + (f"?{parts.query}" if parts.query else ""),
            username=unquote(name) if at else None,
            password=unquote(word) if colon else None,
        )

    @property
    def address(self) -> str:
        """The URL without credentials, to be shown to people."""
        target = _NAMED_SECRET.sub(rf"\1{HIDDEN}", self.target)
        return f"{self.scheme}://{self._place}{target}"

    @property
    def full(self) -> str:
        """The URL with credentials, percent-encoded, for the library that opens it. A secret."""
        if self.username is None:
            return f"{self.scheme}://{self._place}{self.target}"
        word = "" if self.password is None else f":{quote(self.password, safe='')}"
        user = quote(self.username, safe="")
        return f"{self.scheme}://{user}{word}@{self._place}{self.target}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must appear nowhere; see `redact`."""
        return secrets_of(self.full)

    @property
    def _place(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def secrets_of(url: str) -> tuple[str, ...]:
    """The secret values in a URL of any scheme: password, Basic token, passwords in its path.

    Never raises: what is no URL may hold a secret all the same, and then is one as a whole.
    """
    found: list[str] = []
    try:
        parts = urlsplit(url)
    except ValueError:
        return (url,)
    user_info, at, _ = parts.netloc.rpartition("@")
    if not at:
        # A password with a bare / or # in it ends the host's part too early.
        user_info, at, _ = url.partition("://")[2].rpartition("@")
    name, _, word = user_info.partition(":")
    if at and word:
        found += [unquote(word), word]
        pair = f"{unquote(name)}:{unquote(word)}".encode()
        tokens = [encode(pair).decode("ascii") for encode in _BASE64]
        found += [*tokens, *(token.rstrip("=") for token in tokens)]
    for _, value in _NAMED_SECRET.findall(f"{parts.path}?{parts.query}#{parts.fragment}"):
        found += [unquote(value), value]
    return tuple(dict.fromkeys(secret for secret in found if secret))


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret replaced by stars, however it is spelt.

    Any character of a secret may be percent-encoded, and the whole may be escaped as Python, JSON
    or a form would. What a client proves its password with goes too, wherever it is named as such.
    """
    text = _AUTHORIZATION.sub(lambda found: f"{found[1] or found[2]}{HIDDEN}", text)
    for pattern in (_pattern(secret) for secret in _longest_first(secrets)):
        text = pattern.sub(HIDDEN, text)
    return text


def _longest_first(secrets: Iterable[str]) -> list[str]:
    # A secret that holds another must go first, or half of it would stay.
    return sorted({secret for secret in secrets if secret}, key=len, reverse=True)


@lru_cache(maxsize=256)
def _pattern(secret: str) -> re.Pattern[str]:
    """Matches the secret in every spelling that a library or a log may use."""
    by_character = "".join("(?:" + "|".join(_spellings(character)) + ")" for character in secret)
    escaped = (repr(secret)[1:-1], json.dumps(secret)[1:-1], repr(secret.encode())[2:-1])
    others = [re.escape(text) for text in sorted(set(escaped), key=len, reverse=True)]
    return re.compile("|".join([*others, by_character]))


def _spellings(character: str) -> Iterator[str]:
    # The encoded spelling first: that of a percent sign begins with one.
    encoded = character.encode("utf-8", "surrogatepass")
    yield "".join(f"(?i:%{byte:02x})" for byte in encoded)
    yield re.escape(character)
    if character == " ":
        yield r"\+"
