"""Answers HEAD as GET, without a body, for pages and files. Used by `application`."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

_API: Final = "/api/"


class Heads:
    """Whoever looks whether a page is there asks so; the server itself leaves the body out.

    The API's routes say which methods they take, and HEAD is none of them.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Keep what comes behind it."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if (
            scope["type"] == "http"
            and scope["method"] == "HEAD"
            and not scope["path"].startswith(_API)
        ):
            # A copy: by its own the server still knows that no body is wanted.
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)
