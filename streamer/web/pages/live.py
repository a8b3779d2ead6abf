"""`/live`: a wall of the cameras that somebody was granted, by WebRTC."""

from typing import Annotated

from fastapi import Request, Response

from streamer.web.clinic import Clinic
from streamer.web.pages.rendering import Pages
from streamer.web.pages.router import page_router
from streamer.web.pages.words import CAMERA_STATUSES
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.require import require

live_page = page_router()


@live_page.get("/live")
async def show_live_page(
    request: Request,
    pages: Pages,
    clinic: Clinic,
    principal: Annotated[Principal, require(Permission.CAMERAS_VIEW)],
) -> Response:
    """Show the page; its module connects to the cameras."""
    may_see_faces = principal.may(Permission.CAMERAS_FACES)
    return pages.render(
        request,
        "live.html",
        cameras=[
            one for one in clinic.cameras.reports() if principal.may_use_camera(one.state.camera_id)
        ],
        may_see_faces=may_see_faces,
        may_name=may_see_faces and principal.may(Permission.NAMES_READ),
        statuses=CAMERA_STATUSES,
    )
