"""Who really asks, where a proxy stands in front: believed of the proxies named, of nobody else.

ASGI middleware, put in place by `application`.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

Networks = Sequence[IPv4Network | IPv6Network]

_FORWARDED: Final = (
    b"forwarded",
    b"x-forwarded-for",
    b"x-forwarded-proto",
    b"x-forwarded-host",
    b"x-forwarded-port",
    b"x-real-ip",
)


class Forwarded:
    """Puts the client's own address and scheme in place of the proxy's.

    What comes from elsewhere loses those headers: nothing behind this sees them.
    """

    def __init__(self, app: ASGIApp, proxies: Networks) -> None:
        """Keep what comes next and whom to believe."""
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http":
            headers, peer = Headers(scope=scope), (scope.get("client") or ("", 0))[0]
            if within(peer, self._proxies):
                address = client_of(headers.getlist("x-forwarded-for"), peer, self._proxies)
                scope["client"] = (address, 0)
                if headers.get("x-forwarded-proto", "").strip().lower() in ("http", "https"):
                    scope["scheme"] = headers["x-forwarded-proto"].strip().lower()
            scope["headers"] = [one for one in scope["headers"] if one[0] not in _FORWARDED]
        await self._app(scope, receive, send)


def client_of(forwarded: Sequence[str], peer: str, proxies: Networks) -> str:
    """Return the last address of the chain that is no proxy of ours.

    Anybody can write the beginning of the chain; its end is written by our proxies.

    Args:
        forwarded: The header's values, in order.
        peer: Who is connected; a proxy of ours.
        proxies: All of them.
    """
    address = peer
    for entry in reversed([one.strip() for value in forwarded for one in value.split(",")]):
        bare = entry.rpartition("]")[0].lstrip("[") if entry.startswith("[") else entry
        if bare.count(":") == 1:
            bare = bare.partition(":")[0]
        if _parsed(bare) is None:
            break
        address = bare
        if not within(bare, proxies):
            break
    return address


def within(address: str, networks: Networks) -> bool:
    """Is it an address of one of these networks?"""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
