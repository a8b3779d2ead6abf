"""`/settings` and `/health`: what the service goes by, and how the installation fares."""

from collections.abc import Sequence
from itertools import groupby
from typing import Annotated

from fastapi import Request, Response

from streamer.web.clinic import Clinic
from streamer.web.models.settings import Setting
from streamer.web.pages.rendering import Pages
from streamer.web.pages.router import page_router
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.require import require

installation = page_router()

_Reader = Annotated[Principal, require(Permission.SETTINGS_READ)]


@installation.get("/settings")
async def show_settings_page(
    request: Request, pages: Pages, clinic: Clinic, _principal: _Reader
) -> Response:
    """Show the settings in force, by section; secrets are left out."""
    sections = by_section(clinic.installation.settings.settings())
    return pages.render(request, "settings.html", sections=sections)


@installation.get("/health")
async def show_health_page(
    request: Request, pages: Pages, clinic: Clinic, principal: _Reader
) -> Response:
    """Show versions, model pack and licence, calibration, disk, clocks, queues, jobs, keys."""
    cameras = [
        one.state
        for one in clinic.cameras.reports()
        if principal.may_use_camera(one.state.camera_id)
    ]
    return pages.render(
        request,
        "health.html",
        recognition=clinic.installation.state.recognition(),
        state=await clinic.installation.state.installation(),
        cameras=cameras,
        notices=await clinic.notices.notices(),
    )


def by_section(settings: Sequence[Setting]) -> Sequence[tuple[str, Sequence[Setting]]]:
    """Group them by what stands before the first dot or bracket of their keys."""
    return [
        (name, list(group))
        for name, group in groupby(
            settings, lambda one: one.key.partition(".")[0].partition("[")[0]
        )
    ]
