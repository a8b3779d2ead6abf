"""Ends requests whose body does not come. ASGI middleware; how much may come is FastAPI's."""

import asyncio
from http import HTTPStatus
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streamer.web.problem import Problem

_PAUSE_S: Final = 10.0
_WHOLE_S: Final = 60.0
_TOO_LONG: Final = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
_LONG: Final = Problem(_TOO_LONG, "too-large", "the request's body is too large")
_LATE: Final = Problem(
    HTTPStatus.REQUEST_TIMEOUT,
    "timeout",
    "the request's body did not come in time",
    {"Connection": "close"},
)


class SlowBodies:
    """Ten seconds for each piece, a minute for everything."""

    limits = (_PAUSE_S, _WHOLE_S)

    def __init__(self, app: ASGIApp) -> None:
        """Keep what comes next."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        pause_s, whole_s = self.limits
        whole, until = False, asyncio.get_running_loop().time() + whole_s
        late = long = begun = False

        async def receive_in_time() -> Message:
            nonlocal whole, late
            if whole:
                # From here on it is only asked whether somebody is still there.
                return await receive()
            left_s = until - asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(min(pause_s, left_s)):
                    message = await receive()
            except TimeoutError:
                # To the route it is as if they had hung up.
                whole = late = True
                return {"type": "http.disconnect"}
            whole = not message.get("more_body", False)
            return message

        async def send_in_time(message: Message) -> None:
            nonlocal begun, long
            if message["type"] == "http.response.start" and message["status"] == _TOO_LONG:
                # FastAPI's limit answers for itself, in plain text.
                long = True
            if begun or not (late or long):
                begun = True
                await send(message)

        try:
            await self._app(scope, receive_in_time, send_in_time)
        except ClientDisconnect:
            if not late:
                raise
        if not begun and (late or long):
            await (_LONG if long else _LATE).response()(scope, receive, send)
