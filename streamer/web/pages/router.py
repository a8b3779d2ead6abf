"""The router of every page: as strict as the API's, but what goes wrong is a page, too."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse

from streamer.errors import KirdiError
from streamer.web.errors import note, page_of, problem_of
from streamer.web.problem import Problem
from streamer.web.router import GuardedRoute

SIGN_IN: Final = "/sign-in"
PAIRING: Final = "/kiosk/pair"


class PageRoute(GuardedRoute):
    """A page: whoever is not signed in is sent to sign in, and then comes back."""

    way_in = SIGN_IN

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See FastAPI's `APIRoute`."""
        handle = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await handle(request)
            except Problem as problem:
                return _told(request, problem, self.way_in)
            except KirdiError as error:
                ours = problem_of(error)
                note(request, error, ours)
                return _told(request, ours, self.way_in)
            except RequestValidationError:
                status = HTTPStatus.UNPROCESSABLE_ENTITY
                incomplete = Problem(status, "invalid", "the address is not complete")
                return _told(request, incomplete, self.way_in)

        return shown


class DevicePageRoute(PageRoute):
    """A page of a tablet or a screen: what is not paired is sent to be."""

    way_in = PAIRING


def page_router(route_class: type[PageRoute] = PageRoute) -> APIRouter:
    """Make a page's router; its paths are the site's own (`/today`)."""
    return APIRouter(
        route_class=route_class,
        include_in_schema=False,
        default_response_class=HTMLResponse,
    )


def _told(request: Request, problem: Problem, way_in: str) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        return problem.response()
    if problem.status is HTTPStatus.UNAUTHORIZED:
        if way_in == PAIRING:
            return RedirectResponse(way_in, HTTPStatus.SEE_OTHER)
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(
            f"{SIGN_IN}?return_to={quote(asked, safe='')}", HTTPStatus.SEE_OTHER
        )
    return page_of(request, problem)
