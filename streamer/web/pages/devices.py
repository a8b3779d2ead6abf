"""`/devices`: tablets and screens, their pairing codes, and which are in force."""

from typing import Annotated

from fastapi import Request, Response

from streamer.domain.device import DeviceKind
from streamer.web.clinic import Clinic
from streamer.web.pages.rendering import Pages
from streamer.web.pages.router import page_router
from streamer.web.pages.words import DEVICE_KINDS, DEVICE_STATES
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.require import require

devices_page = page_router()


@devices_page.get("/devices")
async def show_devices_page(
    request: Request,
    pages: Pages,
    clinic: Clinic,
    principal: Annotated[Principal, require(Permission.DEVICES_READ)],
) -> Response:
    """Show the page; devices are fetched by its module."""
    return pages.render(
        request,
        "devices.html",
        kinds={kind: DEVICE_KINDS[kind] for kind in DeviceKind},
        states=DEVICE_STATES,
        buildings=clinic.site.buildings,
        may_write=principal.may(Permission.DEVICES_WRITE),
        may_see_board=principal.may(Permission.BOARD_READ),
    )
