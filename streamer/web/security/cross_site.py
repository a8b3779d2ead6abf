"""Keeps other sites' pages from acting through a browser signed in here. Pure; see `gate`."""

import hmac
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from streamer.web.rules import LOOPBACK_NAMES, WebRules

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER: Final = "x-csrf-token"


def host_is_ours(host: str, rules: WebRules) -> bool:
    """Does the request name this server? Another name that leads here is somebody's trick.

    Where no public address is set, only this machine's own names are.
    """
    host = host.strip().lower()
    if rules.public_host is not None and host == rules.public_host:
        return True
    name = host[: host.rindex("]") + 1] if host.startswith("[") and "]" in host else None
    return (name or host.partition(":")[0]) in LOOPBACK_NAMES


def from_elsewhere(headers: Headers, scheme: str, rules: WebRules) -> bool:
    """Does a browser say that another site's page asks?

    Browsers send Origin with everything that changes something, and most Sec-Fetch-Site. Where
    neither comes it is no browser of these years, and the session's token has to do.
    """
    origin = headers.get("origin")
    if origin is not None:
        given = urlsplit(origin.strip().lower())
        own = f"{scheme}://{headers.get('host', '').strip().lower()}"
        return f"{given.scheme}://{given.netloc}" not in (own, rules.public_url)
    return headers.get("sec-fetch-site", "same-origin") != "same-origin"


def token_fits(headers: Headers, expected: str) -> bool:
    """Does the request carry its session's token?"""
    given = headers.get(CSRF_HEADER, "")
    return hmac.compare_digest(given.encode(), expected.encode())
