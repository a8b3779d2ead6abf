"""`/cameras`: what each camera does and did today; one is tested before it is saved."""

from typing import Annotated

from fastapi import Request, Response

from streamer.web.clinic import Clinic
from streamer.web.pages.rendering import Pages
from streamer.web.pages.router import page_router
from streamer.web.pages.words import CAMERA_STATUSES
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.require import require

cameras_page = page_router()


@cameras_page.get("/cameras")
async def show_cameras_page(
    request: Request,
    pages: Pages,
    clinic: Clinic,
    principal: Annotated[Principal, require(Permission.CAMERAS_READ)],
) -> Response:
    """Show the page; the cameras are fetched by its module."""
    return pages.render(
        request,
        "cameras.html",
        may_write=principal.may(Permission.CAMERAS_WRITE),
        may_add=principal.may(Permission.CAMERAS_WRITE) and principal.cameras is None,
        buildings=clinic.site.buildings,
        statuses=CAMERA_STATUSES,
    )
