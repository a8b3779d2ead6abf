"""The cookies: what they are called, and how they are set. Used by `gate` and the routes."""

from collections.abc import Mapping
from typing import Final, Literal

from fastapi import Response

# `__Host-`: browsers take it over TLS only (or from this very machine), with Path=/ and no Domain,
# so that no neighbour's page can put one of its own in the way.
SESSION: Final = "__Host-kirdi"
SIGNING_IN: Final = "__Host-kirdi-oidc"
DEVICE: Final = "__Host-kirdi-device"

_LONGEST: Final = 4_096


def cookie_of(cookies: Mapping[str, str], name: str) -> str | None:
    """The cookie's value; None = there is none that could be ours."""
    value = cookies.get(name)
    return value if value and len(value) <= _LONGEST else None


def set_cookie(response: Response, name: str, value: str, seconds: int) -> None:
    """Give the browser a cookie that no script can read.

    Lax and not Strict: whoever comes back from the provider, or by a link, is signed in. Nothing is
    changed by a GET.
    """
    same_site: Literal["lax"] = "lax"
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite=same_site
    )


def clear_cookie(response: Response, name: str) -> None:
    """Take it away again."""
    set_cookie(response, name, "", 0)
