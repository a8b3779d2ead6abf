"""The arithmetic of Digest authentication (RFC 2617), without state. Used by `auth`."""

import hashlib
import re
from dataclasses import dataclass

_PARAMETER = re.compile(
    r'(?<![A-Za-z])([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)'
)
_MAX_LENGTH = 4096


@dataclass(frozen=True, slots=True)
class DigestAnswer:
    """What a client says in answer to a challenge: the parameters of its Authorization header."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str = "MD5"
    qop: str | None = None
    nc: str = ""
    cnonce: str = ""

    @classmethod
    def parse(cls, text: str) -> "DigestAnswer | None":
        """Read the header's value after the word Digest; None where a needed part is absent."""
        found: dict[str, str] = {}
        for match in _PARAMETER.finditer(text[:_MAX_LENGTH]):
            name, quoted, bare = match.groups()
            value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare
            found.setdefault(name.lower(), value)
        if not {"username", "realm", "nonce", "uri", "response"} <= found.keys():
            return None
        return cls(
            username=found["username"],
            realm=found["realm"],
            nonce=found["nonce"],
            uri=found["uri"],
            response=found["response"].lower(),
            algorithm=found.get("algorithm", "MD5"),
            qop=found.get("qop"),
            nc=found.get("nc", ""),
            cnonce=found.get("cnonce", ""),
        )

    def expected(self, username: str, password: str, method: str) -> str:
        """The response these credentials would have given here (section 3.2.2.1), hexadecimal."""
        secret = _md5(f"{username}:{self.realm}:{password}")
        action = _md5(f"{method}:{self.uri}")
        if self.qop is None:
            return _md5(f"{secret}:{self.nonce}:{action}")
        return _md5(f"{secret}:{self.nonce}:{self.nc}:{self.cnonce}:{self.qop}:{action}")


def _md5(text: str) -> str:
    # The protocol demands MD5. Bytes that were no UTF-8 come through the reader as surrogates.
    return hashlib.md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
