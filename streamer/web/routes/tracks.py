"""`/cameras/{id}/tracks`: who is followed in a camera's pictures, to be drawn over them."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import StreamingResponse

from streamer.web.clinic import Clinic, no_camera
from streamer.web.documented import NOT_FOUND
from streamer.web.event_stream import StreamedEvent, described_events, event_stream
from streamer.web.fields import Named
from streamer.web.media.answers import allowed
from streamer.web.media.view import View
from streamer.web.models.tracks import TracksShown
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.problem import forbidden
from streamer.web.require import require
from streamer.web.router import router
from streamer.web.sight import sight_of

tracks = router("/cameras", "live")


@tracks.get(
    "/{camera_id}/tracks",
    response_class=StreamingResponse,
    responses=NOT_FOUND
    | {
        200: described_events(
            "Server-sent events named `faces`; the data of each is as described",
            TracksShown,
        )
    },
)
async def follow_tracks(
    principal: Annotated[Principal, require(Permission.CAMERAS_VIEW)],
    clinic: Clinic,
    request: Request,
    camera_id: Named,
    view: View | None = None,
    names: Annotated[bool, Query(description="of who has arrived, on record each")] = False,
) -> StreamingResponse:
    """Follow a camera's boxes, one event for each picture that was analysed, the latest only.

    Beside the blurred picture they are boxes and nothing else. Names are for those who see the
    clear one and may know them. The look is in the audit, and every name that is told.
    """
    if clinic.tracks is None or not principal.may_use_camera(camera_id):
        raise no_camera(clinic, camera_id)
    view = allowed(principal, view)
    if names and (view is View.BLURRED or not principal.may(Permission.NAMES_READ)):
        raise forbidden("names are shown over the clear picture, to those who may know them")
    sight = sight_of(principal, Permission.CAMERAS_VIEW)
    shown = await clinic.tracks.open(sight, camera_id, view, named=names)
    return event_stream(request, _events(shown))


async def _events(shown: AsyncIterator[TracksShown]) -> AsyncGenerator[StreamedEvent, None]:
    assert isinstance(shown, AsyncGenerator)
    async with aclosing(shown):
        async for one in shown:
            yield StreamedEvent("faces", one.model_dump_json())
