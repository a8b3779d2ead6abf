"""Answers that go on: server-sent events, for pages that follow what happens. Used by routes.

A stream ends with its session, with the server and after an hour; the page then comes again. Who
reads too slowly is not waited for: whatever feeds a stream bounds its own queue.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Request
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from pydantic import BaseModel

from streamer.errors import KirdiError
from streamer.web.parts import parts_of
from streamer.web.principal import Via
from streamer.web.security.cookies import SESSION, cookie_of

ALIVE_S: Final = 15.0
"""Proxies close what is silent; pages take silence for an end."""
SESSION_S: Final = 30.0
LONGEST_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class StreamedEvent:
    """One of them.

    Attributes:
        name: What the page listens for.
        data: JSON, in one piece.
        identity: Where to go on after it (`?after=`); None = it is nothing to go on from.
        line: As it is sent: put together once, though hundreds of pages are told the same.
    """

    name: str
    data: str
    identity: str | None = None
    line: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Put the line together."""
        line = format_sse_event(data_str=self.data, event=self.name, id=self.identity)
        object.__setattr__(self, "line", line)


_ALIVE: Final = StreamedEvent("alive", "null")
_SIGNED_OUT: Final = StreamedEvent("signed-out", "null")


def described_events(description: str, data: type[BaseModel] | None = None) -> dict[str, Any]:
    """Return what the OpenAPI document says of such an answer.

    Args:
        description: What is sent, in words.
        data: What an event holds; None = that depends on the event's name. Events of
            `event_stream` itself hold `null`.
    """
    text: dict[str, Any] = {"type": "string", "contentMediaType": "application/json"}
    if data is not None:
        schema = data.model_json_schema()
        # References would be looked for at the document's root, where they are not.
        whole = _inlined(schema, schema.pop("$defs", {}))
        text["contentSchema"] = {"anyOf": [whole, {"type": "null"}]}
    event = {
        "type": "object",
        "required": ["event", "data"],
        "properties": {"event": {"type": "string"}, "data": text, "id": {"type": "string"}},
    }
    # Each event by itself, as FastAPI's own streams are described (OpenAPI 3.2).
    return {"description": description, "content": {"text/event-stream": {"itemSchema": event}}}


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a schema with its references (none of which goes round) replaced."""
    if isinstance(schema, list):
        return [_inlined(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {key: _inlined(one, definitions) for key, one in schema.items()}


def event_stream(request: Request, events: AsyncIterator[StreamedEvent]) -> StreamingResponse:
    """Send events until they end.

    Args:
        request: Whose stream it is.
        events: What is sent; it is closed when the browser goes.
    """
    return StreamingResponse(
        _lines(request, events),
        media_type="text/event-stream",
        # Nginx would keep events back until its buffer is full.
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _lines(
    request: Request, events: AsyncIterator[StreamedEvent]
) -> AsyncGenerator[bytes, None]:
    parts = parts_of(request)
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + LONGEST_S
    check_at = loop.time() + SESSION_S
    still_in = _session_check(request)
    stopping = asyncio.ensure_future(parts.stopping.wait())
    coming: asyncio.Future[StreamedEvent] | None = None
    try:
        yield _ALIVE.line
        while loop.time() < ends_at and not stopping.done():
            if loop.time() >= check_at:
                check_at = loop.time() + SESSION_S
                if not await still_in():
                    yield _SIGNED_OUT.line
                    return
            coming = coming or asyncio.ensure_future(anext(events))
            waiting: set[asyncio.Future[Any]] = {coming, stopping}
            await asyncio.wait(waiting, timeout=ALIVE_S, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                yield _ALIVE.line
                continue
            done, coming = coming, None
            try:
                event = done.result()
            except StopAsyncIteration:
                return
            yield event.line
    finally:
        for left in (stopping, coming):
            if left is not None:
                left.cancel()
                with suppress(asyncio.CancelledError, StopAsyncIteration, KirdiError):
                    await left
        if isinstance(events, AsyncGenerator):
            await events.aclose()


def _session_check(request: Request) -> Callable[[], Coroutine[None, None, bool]]:
    """Is whoever follows still signed in? A token was looked at when they came."""
    parts = parts_of(request)
    cookie = cookie_of(request.cookies, SESSION)
    principal = getattr(request.state, "principal", None)

    async def check() -> bool:
        if principal is None or principal.via is not Via.SESSION or cookie is None:
            return True
        found = await parts.entrance.identities.of_session(cookie)
        # Another role means another view: the page has to be made anew.
        return found is not None and found.principal == principal

    return check
