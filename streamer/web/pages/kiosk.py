"""`/kiosk`, `/board`, `/kiosk/pair`: the pages of tablets and screens, in full."""

from typing import Annotated

from fastapi import Request, Response

from streamer.web.pages.rendering import Pages
from streamer.web.pages.router import DevicePageRoute, page_router
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.require import PUBLIC_AND_DEVICES, require

kiosk_pages = page_router(DevicePageRoute)


@kiosk_pages.get("/kiosk")
async def show_kiosk(
    request: Request,
    pages: Pages,
    _principal: Annotated[Principal, require(Permission.KIOSK_USE)],
) -> Response:
    """Show the kiosk; it asks for nothing before somebody touches it."""
    return pages.render(request, "kiosk.html", camera=True)


@kiosk_pages.get("/board")
async def show_board_page(
    request: Request,
    pages: Pages,
    _principal: Annotated[Principal, require(Permission.BOARD_READ)],
) -> Response:
    """Show the ticket board; its module asks for arrivals every other second."""
    return pages.render(request, "board.html")


@kiosk_pages.get("/kiosk/pair", dependencies=[PUBLIC_AND_DEVICES])
async def show_pairing(request: Request, pages: Pages) -> Response:
    """Show where the pairing code is typed."""
    return pages.render(request, "kiosk_pair.html")
