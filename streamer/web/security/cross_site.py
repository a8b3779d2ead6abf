"""Keeps other sites' pages from acting through a browser signed in here. Pure; see `gate`."""

import hmac
import re
from typing import Final

from starlette.datastructures import Headers

from streamer.web.rules import WebRules

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER: Final = "x-csrf-token"

_LOOPBACK: Final = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?")


def host_is_ours(host: str, rules: WebRules) -> bool:
    """Does the request name this server? Another name that leads here is somebody's trick.

    Where no public address is set, only this machine's own names are.
    """
    host = host.strip().lower()
    if rules.public_host is not None and host == rules.public_host:
        return True
    return _LOOPBACK.fullmatch(host) is not None


def from_elsewhere(headers: Headers, scheme: str, rules: WebRules) -> bool:
    """Does a browser say that another site's page asks?

    Browsers send Origin with everything that changes something, and most Sec-Fetch-Site. Where
    neither comes it is no browser of these years, and the session's token has to do.
    """
    origin = headers.get("origin")
    if origin is not None:
        own = f"{scheme}://{headers.get('host', '').strip().lower()}"
        return origin.strip().lower() not in (own, rules.public_url)
    return headers.get("sec-fetch-site", "same-origin") != "same-origin"


def token_fits(headers: Headers, expected: str) -> bool:
    """Does the request carry its session's token?"""
    given = headers.get(CSRF_HEADER, "")
    return hmac.compare_digest(given.encode(), expected.encode())
