"""`/cameras`: the cameras of the running service; those you have been granted."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Header, Query, Response

from streamer.domain.camera_report import CameraReport
from streamer.web.clinic import Clinic, day_or_today, no_camera
from streamer.web.documented import NOT_FOUND, OUTSIDE, PROBLEMS, VERSIONED, WRITE
from streamer.web.fields import Day, Named
from streamer.web.models.base import Listed
from streamer.web.models.camera_test import CameraTested, CameraToTest, Picture
from streamer.web.models.cameras import (
    Camera,
    CameraChanged,
    CameraSettings,
    NewCamera,
    camera_of,
)
from streamer.web.models.uptime import Uptime
from streamer.web.once import Once
from streamer.web.paging import PageAsked
from streamer.web.parts import Parts
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import forbidden
from streamer.web.require import require
from streamer.web.resources import Resources
from streamer.web.router import router

cameras = router("/cameras", "cameras")

Reader = Annotated[Principal, require(Permission.CAMERAS_READ)]
Operator = Annotated[Principal, require(Permission.CAMERAS_WRITE)]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=64,
        pattern=r'^"[0-9a-f]+"$',
        description="the ETag of the camera as you have seen it: where somebody else has changed "
        "it meanwhile, nothing is changed (412)",
    ),
]


@cameras.get("", responses=PROBLEMS)
async def list_cameras(principal: Reader, clinic: Clinic, paging: PageAsked) -> Listed[Camera]:
    """List the cameras, and what each is doing, since when and why."""
    reports = clinic.cameras.reports()
    return paging.part_of(
        [camera_of(one) for one in reports if principal.may_use_camera(one.state.camera_id)]
    )


@cameras.get("/{camera_id}", responses=NOT_FOUND)
async def show_camera(
    principal: Reader, clinic: Clinic, camera_id: Named, response: Response
) -> Camera:
    """Show one camera; its ETag changes with its settings."""
    found = camera_of(_one(clinic, principal, camera_id))
    response.headers["ETag"] = f'"{clinic.cameras.version(camera_id)}"'
    return found


@cameras.get("/{camera_id}/uptime", responses=NOT_FOUND)
async def show_uptime(
    principal: Reader,
    parts: Parts,
    clinic: Clinic,
    camera_id: Named,
    day: Annotated[Day | None, Query(alias="date", description="of the site; none = today")] = None,
) -> Uptime:
    """Show what a camera did on a day, cut to the day; what nobody watched is no interval."""
    _one(clinic, principal, camera_id)
    wanted = day_or_today(day, parts, clinic)
    return await clinic.installation.state.uptime(camera_id, wanted)


@cameras.post("", status_code=HTTPStatus.CREATED, response_model=CameraChanged, responses=WRITE)
async def add_camera(principal: Operator, clinic: Clinic, once: Once, sent: NewCamera) -> Response:
    """Add a camera to the running service; it is kept over restarts."""
    if not principal.may_use_camera(sent.camera_id):
        raise forbidden("you have been granted other cameras only")
    return await once(
        lambda: clinic.cameras.add(sent.camera_id, sent.values(), principal.actor),
        HTTPStatus.CREATED,
    )


@cameras.post("/test", responses=OUTSIDE)
async def test_camera(principal: Operator, clinic: Clinic, sent: CameraToTest) -> CameraTested:
    """Look at a camera for some seconds, and show a picture; nothing is saved.

    The picture is for those who may look at cameras; its faces are covered unless you may see them.
    One is looked at at a time (429), for at most 25 seconds; which host, and for whom, is in the
    audit before it is connected to. Why it can't be seen is said in few words: the log has more.
    """
    if clinic.camera_tests is None or not principal.may_use_camera(sent.camera_id):
        raise no_camera(clinic, sent.camera_id)
    picture = Picture.NONE
    if principal.may(Permission.CAMERAS_VIEW):
        clear = principal.may(Permission.CAMERAS_FACES)
        picture = Picture.CLEAR if clear else Picture.COVERED
    return await clinic.camera_tests.test(sent, principal.actor, picture, principal.cameras)


@cameras.patch("/{camera_id}", response_model=CameraChanged, responses=VERSIONED)
async def change_camera(
    principal: Operator,
    clinic: Clinic,
    once: Once,
    camera_id: Named,
    sent: CameraSettings,
    if_match: IfMatch = None,
) -> Response:
    """Change a camera that was added; one of the settings file is changed there."""

    async def change() -> CameraChanged:
        _one(clinic, principal, camera_id)
        return await clinic.cameras.change(
            camera_id, sent.values(), _version(if_match), principal.actor
        )

    return await once(change)


@cameras.delete("/{camera_id}", response_model=CameraChanged, responses=VERSIONED)
async def remove_camera(
    principal: Operator,
    clinic: Clinic,
    once: Once,
    camera_id: Named,
    if_match: IfMatch = None,
) -> Response:
    """Remove a camera that was added; one of the settings file is removed there."""

    async def remove() -> CameraChanged:
        _one(clinic, principal, camera_id)
        return await clinic.cameras.remove(camera_id, _version(if_match), principal.actor)

    return await once(remove)


@cameras.post("/{camera_id}/enable", response_model=CameraChanged, responses=WRITE)
async def enable_camera(
    principal: Operator, clinic: Clinic, once: Once, camera_id: Named
) -> Response:
    """Switch a camera on, whatever the settings file says."""
    return await _switch(principal, clinic, once, camera_id, on=True)


@cameras.post("/{camera_id}/disable", response_model=CameraChanged, responses=WRITE)
async def disable_camera(
    principal: Operator, clinic: Clinic, once: Once, camera_id: Named
) -> Response:
    """Switch a camera off until it is enabled again; it is not connected to meanwhile."""
    return await _switch(principal, clinic, once, camera_id, on=False)


async def _switch(
    principal: Principal, clinic: Resources, once: Once, camera_id: str, *, on: bool
) -> Response:
    async def switch() -> CameraChanged:
        _one(clinic, principal, camera_id)
        return await clinic.cameras.switch(camera_id, on, principal.actor)

    return await once(switch)


def _one(clinic: Resources, principal: Principal, camera_id: str) -> CameraReport:
    """There is none, or it is none of theirs: raises Problem."""
    if principal.may_use_camera(camera_id):
        for one in clinic.cameras.reports():
            if one.state.camera_id == camera_id:
                return one
    raise no_camera(clinic, camera_id)


def _version(if_match: str | None) -> str:
    return "" if if_match is None else if_match.strip('"')
