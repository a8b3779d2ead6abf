"""Who may look how, and what is answered to whom nothing is shown. Pure; used by `live_views`."""

from http import HTTPStatus
from typing import Final

from streamer.domain.camera_state import CameraState
from streamer.web.media.view import View
from streamer.web.media.viewer import Viewer
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import Problem, forbidden

_AGAIN: Final = {"Retry-After": "5"}


def allowed(principal: Principal, view: View | None) -> View:
    """How they may look; raises Problem where they want more than they may see."""
    faces = principal.may(Permission.CAMERAS_FACES)
    if view is View.CLEAR and not faces:
        raise forbidden("your roles see cameras with faces blurred; ask with view=blurred")
    return view or (View.CLEAR if faces else View.BLURRED)


def may_still(principal: Principal | None, viewer: Viewer) -> bool:
    """Whether somebody who looks would be let in today, too."""
    return (
        principal is not None
        and principal.account == viewer.account
        and principal.may(Permission.CAMERAS_VIEW)
        and principal.may_use_camera(viewer.camera_id)
        and (viewer.view is View.BLURRED or principal.may(Permission.CAMERAS_FACES))
    )


def dark(state: CameraState) -> Problem:
    """WHEP's answer where nothing is live: 409, to be asked again."""
    reason = state.reason or state.status.value
    since = state.since.isoformat(timespec="seconds")
    return Problem(
        HTTPStatus.CONFLICT,
        "camera-away",
        f"the camera shows nothing since {since}: {reason}",
        _AGAIN,
        {"camera_status": state.status.value, "since": since, "reason": reason},
    )


def busy() -> Problem:
    """What sends is late."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "viewers",
        "live video does not answer in time; try again",
        _AGAIN,
    )


def too_late() -> Problem:
    """What was to be seen has ended meanwhile."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "viewers",
        "the camera or the service is being stopped; try again",
        _AGAIN,
    )


def crowded(count: int, where: str) -> Problem:
    """So many look already, or nobody may."""
    if count == 0:
        detail = "live video is switched off at this site"
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "viewers", detail, _AGAIN)
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "viewers",
        f"{count} are looking already {where}; try again later",
        _AGAIN,
    )
