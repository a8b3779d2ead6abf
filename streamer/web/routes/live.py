"""`/cameras/{id}/whep` and `/live`: cameras in the browser, by WHEP (draft-ietf-wish-whep)."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Header, Request, Response

from streamer.web.clinic import Clinic, camera_asked, no_camera
from streamer.web.documented import problems
from streamer.web.fields import Named
from streamer.web.media.lines import MOST_BYTES
from streamer.web.media.view import View
from streamer.web.media.viewer import Opened, Shown
from streamer.web.models.live import LiveView
from streamer.web.permissions import Permission
from streamer.web.principal import Principal, Via
from streamer.web.problem import Problem, not_found
from streamer.web.require import require
from streamer.web.resources import Resources
from streamer.web.router import router
from streamer.web.security.cookies import SESSION, cookie_of

whep = router("/cameras", "live")
live = router("/live", "live")

Looker = Annotated[Principal, require(Permission.CAMERAS_VIEW)]
_OFFER: Final = "application/sdp"
_FRAGMENT: Final = "application/trickle-ice-sdpfrag"
_WRONG: Final = problems(
    HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNSUPPORTED_MEDIA_TYPE
)
_STALE: Final = problems(
    HTTPStatus.NOT_FOUND, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.UNSUPPORTED_MEDIA_TYPE
)
_GONE: Final = problems(HTTPStatus.NOT_FOUND)


def _body(kind: str) -> dict[str, Any]:
    text = {"schema": {"type": "string", "maxLength": MOST_BYTES}}
    return {"requestBody": {"required": True, "content": {kind: text}}}


@whep.post(
    "/{camera_id}/whep",
    status_code=HTTPStatus.CREATED,
    response_class=Response,
    responses=_WRONG | {201: {"description": "the answer", "content": {_OFFER: {}}}},
    openapi_extra=_body(_OFFER),
    max_body_size=MOST_BYTES,
)
async def open_view(
    principal: Looker,
    clinic: Clinic,
    request: Request,
    camera_id: Named,
    view: View | None = None,
) -> Response:
    """Look at a camera: send an SDP offer that receives H.264, get the answer.

    Without `view` the picture is clear for those who may see faces, and blurred for all others.
    Faces are covered where they were found, so the blurred view is as fast as the analysis.
    `Location` is the viewer: PATCH it with further candidates, DELETE it in the end.
    """
    views = clinic.live
    if views is None or not principal.may_use_camera(camera_id):
        raise no_camera(clinic, camera_id)
    body = await _read(request, _OFFER)
    try:
        opened = await views.open(principal, _shown(request), camera_id, view, body)
    except Problem as problem:
        if problem.status is HTTPStatus.FORBIDDEN:
            # The route is theirs; the clear picture is not.
            problem.asked = camera_asked(clinic, camera_id)
        raise
    response = Response(opened.sdp, HTTPStatus.CREATED, media_type=_OFFER)
    response.headers["Location"] = f"{request.url.path.partition('/cameras/')[0]}/live/" + (
        opened.viewer_id
    )
    response.headers["ETag"] = opened.etag
    response.headers["Accept-Patch"] = _FRAGMENT
    for link in _links(opened):
        response.headers.append("Link", link)
    return response


@whep.options("/{camera_id}/whep", status_code=HTTPStatus.NO_CONTENT, responses=_GONE)
async def describe_whep(
    principal: Looker, clinic: Clinic, camera_id: Named, response: Response
) -> None:
    """Say what can be posted here."""
    if not principal.may_use_camera(camera_id):
        raise no_camera(clinic, camera_id)
    response.headers["Accept-Post"] = _OFFER


@live.get("/{viewer_id}", responses=_GONE)
async def show_view(principal: Looker, clinic: Clinic, viewer_id: Named) -> LiveView:
    """Show one of your views, with what makes capture times of its pictures' RTP times."""
    found = _views(clinic).watched(principal.account, viewer_id)
    return LiveView(
        viewer_id=found.viewer_id,
        camera_id=found.camera_id,
        view=found.view,
        opened_at=found.opened_at,
        rtp_timestamp=found.rtp_timestamp,
        captured_at=found.captured_at,
        clock_rate=90_000,
        dropped=found.dropped,
        reason=found.reason,
        camera_status=None if found.camera is None else found.camera.status,
        camera_since=None if found.camera is None else found.camera.since,
    )


@live.patch(
    "/{viewer_id}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=_STALE,
    openapi_extra=_body(_FRAGMENT),
    max_body_size=MOST_BYTES,
)
async def add_candidates(
    principal: Looker,
    clinic: Clinic,
    request: Request,
    viewer_id: Named,
    if_match: Annotated[str | None, Header(alias="If-Match", max_length=64)] = None,
) -> None:
    """Send candidates that were found later (trickle ICE). ICE is not restarted: 422."""
    views = _views(clinic)
    views.watched(principal.account, viewer_id)
    body = await _read(request, _FRAGMENT)
    await views.reach(principal.account, viewer_id, if_match, body)


@live.delete("/{viewer_id}", responses=_GONE)
async def end_view(principal: Looker, clinic: Clinic, viewer_id: Named) -> Response:
    """Look no more."""
    _views(clinic).close(principal.account, viewer_id)
    return Response(status_code=HTTPStatus.OK)


def _views(clinic: Resources) -> Any:
    if clinic.live is None:
        raise not_found("viewer")
    return clinic.live


def _links(opened: Opened) -> list[str]:
    """The ICE servers that are configured, as WHIP and WHEP write them."""
    links = []
    for address, user, password in opened.ice_servers:
        link = f'<{address}>; rel="ice-server"'
        if user:
            link += f"; username={_quoted(user)}; credential={_quoted(password)}"
            link += '; credential-type="password"'
        links.append(link)
    return links


def _quoted(text: str) -> str:
    """As RFC 9110 has it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


async def _read(request: Request, kind: str) -> bytes:
    """The body, of this media type and bounded."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != kind:
        status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        raise Problem(status, "unsupported-media-type", f"send {kind}")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise Problem(status, "too-large", "the request's body is too large")
    return bytes(body)


def _shown(request: Request) -> Shown:
    """By what they were let in; the gate has found it good."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme:
        return Shown(secret.strip(), Via.TOKEN)
    return Shown(cookie_of(request.cookies, SESSION) or "", Via.SESSION)
