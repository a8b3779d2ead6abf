"""`/openapi.json`: the API's description, for whoever is signed in."""

from typing import Annotated, Any

from fastapi import Request

from streamer.web.principal import Principal
from streamer.web.require import require
from streamer.web.router import router

openapi = router("/openapi.json", "service")


@openapi.get("", include_in_schema=False)
async def read_openapi(
    request: Request, _principal: Annotated[Principal, require()]
) -> dict[str, Any]:
    """Return the OpenAPI document."""
    document: dict[str, Any] = request.app.openapi()
    return document
