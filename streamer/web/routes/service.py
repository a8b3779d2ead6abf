"""`/service`: what the running service does, and what an operator should know of it."""

from collections import Counter
from importlib.metadata import version
from typing import Annotated

from streamer.domain.camera_state import CameraStatus
from streamer.web.clinic import Clinic
from streamer.web.documented import PROBLEMS
from streamer.web.models.base import Listed
from streamer.web.models.service import Cameras, Notice, Service
from streamer.web.models.state import InstallationState
from streamer.web.paging import PageAsked
from streamer.web.parts import Parts
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.require import require
from streamer.web.router import router

service = router("/service", "service")

Reader = Annotated[Principal, require(Permission.CAMERAS_READ)]


@service.get("", responses=PROBLEMS)
async def read_service(principal: Reader, parts: Parts, clinic: Clinic) -> Service:
    """Say what the service does: how it recognises, and the cameras that you may see."""
    states = Counter(
        one.state.status
        for one in clinic.cameras.reports()
        if principal.may_use_camera(one.state.camera_id)
    )
    site = clinic.site
    return Service(
        site_id=parts.site_id,
        site_name=site.name,
        time_zone=site.time_zone,
        buildings=list(site.buildings),
        version=version("kirdi"),
        cameras=Cameras(
            total=states.total(),
            streaming=states[CameraStatus.STREAMING],
            degraded=states[CameraStatus.DEGRADED],
            disabled=states[CameraStatus.DISABLED],
        ),
        recognition=clinic.installation.state.recognition(),
    )


@service.get("/installation", responses=PROBLEMS)
async def read_installation(
    _principal: Annotated[Principal, require(Permission.SETTINGS_READ)], clinic: Clinic
) -> InstallationState:
    """Say how the installation fares: versions, disk, clocks, queues, audit, jobs, keys."""
    return await clinic.installation.state.installation()


@service.get("/notices", responses=PROBLEMS)
async def list_notices(_principal: Reader, clinic: Clinic, paging: PageAsked) -> Listed[Notice]:
    """List what an operator should know of recognition at this site."""
    return paging.part_of([Notice.model_validate(one) for one in await clinic.notices.notices()])
