"""How a route gets at what it works with: `parts: Parts` among its parameters."""

from typing import Annotated

from fastapi import Depends, Request

from streamer.web.ports import WebParts


def parts_of(request: Request) -> WebParts:
    """Return what the application was made with."""
    parts = request.app.state.parts
    assert isinstance(parts, WebParts)
    return parts


Parts = Annotated[WebParts, Depends(parts_of)]
