"""`/events`: what happens of the day, as it happens (server-sent events)."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Request, Response

from streamer.web.clinic import Clinic
from streamer.web.connection import uncounted
from streamer.web.documented import PROBLEMS
from streamer.web.event_stream import described_events, event_stream
from streamer.web.events.view import View
from streamer.web.principal import Principal
from streamer.web.problem import Problem, forbidden
from streamer.web.require import require
from streamer.web.router import router

events = router("/events", "events")


@events.get(
    "",
    response_class=Response,
    responses=PROBLEMS | {200: described_events("Events, until the page goes")},
)
async def follow_events(
    request: Request,
    principal: Annotated[Principal, require()],
    clinic: Clinic,
    after: Annotated[
        str | None,
        Query(
            pattern=r"^[0-9a-z]{1,20}-[0-9]{1,20}$",
            description="`after` of the schedule, or the id of the last event: go on from there",
        ),
    ] = None,
) -> Response:
    """Follow today's appointments and the reviews: of both what you may read, nothing personal.

    `appointments`: rows as they are now, under their keys. `reviews`: ids, and whether they wait.
    `reload`: read the day anew. `state`: whether changes are found, and at once. `following`,
    `alive`: nothing happened. Not under pseudonyms.
    """
    view = View.of(principal)
    if view.empty:
        raise forbidden("there is nothing that you may follow")
    if not clinic.events.has_place_for(principal.account):
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, "full", "too many pages are open; close some of them"
        )
    uncounted(request)
    return event_stream(request, clinic.events.follow(view, principal.account, after))
