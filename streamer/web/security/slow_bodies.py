"""Ends requests whose body does not come. ASGI middleware; how much may come is FastAPI's."""

import asyncio
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streamer.web.problem import Problem

_PAUSE_S: Final = 10.0
_WHOLE_S: Final = 60.0


class SlowBodies:
    """Ten seconds for each piece, a minute for everything."""

    def __init__(self, app: ASGIApp, pause_s: float = _PAUSE_S, whole_s: float = _WHOLE_S) -> None:
        """Keep what comes next and the limits."""
        self._app = app
        self._pause_s = pause_s
        self._whole_s = whole_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        whole, until = False, asyncio.get_running_loop().time() + self._whole_s

        async def receive_in_time() -> Message:
            nonlocal whole
            if whole:
                # From here on it is only asked whether somebody is still there.
                return await receive()
            pause_s = min(self._pause_s, until - asyncio.get_running_loop().time())
            try:
                async with asyncio.timeout(pause_s):
                    message = await receive()
            except TimeoutError:
                detail = "the request's body did not come in time"
                close = {"Connection": "close"}
                raise Problem(HTTPStatus.REQUEST_TIMEOUT, "timeout", detail, close) from None
            whole = not message.get("more_body", False)
            return message

        await self._app(scope, receive_in_time, send)
