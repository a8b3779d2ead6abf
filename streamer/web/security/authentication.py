"""Finds out who asks, before any route: an API token, or a session's cookie. Never both.

ASGI middleware, put in place by `application`. It refuses nobody: that is the route's `require`.
"""

from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from streamer.web.ports import Identities
from streamer.web.principal import Principal

COOKIE: Final = "__Host-kirdi"


class Authentication:
    """Puts the principal, or None, where `require` looks for it."""

    def __init__(self, app: ASGIApp, identities: Identities) -> None:
        """Keep what comes next and who knows."""
        self._app = app
        self._identities = identities

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http":
            scope.setdefault("state", {})["principal"] = await self._who(HTTPConnection(scope))
        await self._app(scope, receive, send)

    async def _who(self, connection: HTTPConnection) -> Principal | None:
        scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
        if scheme:
            # Whoever sends a token means it: a cookie that comes along is not looked at.
            if scheme.lower() != "bearer":
                return None
            return await self._identities.of_token(secret.strip())
        cookie = connection.cookies.get(COOKIE)
        return None if cookie is None else await self._identities.of_session(cookie)
