"""The router of every resource: a route that does not say who may use it cannot be made.

Used by the files of `routes`. The demand is checked before anything of the request is read.
"""

from collections.abc import Callable, Coroutine, Iterator
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.datastructures import Headers

from streamer.web.in_vain import refused
from streamer.web.problem import Problem
from streamer.web.require import Public, Require


class GuardedRoute(APIRoute):
    """A route with exactly one demand."""

    guard: Require | Public

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See FastAPI's `APIRoute`.

        Raises:
            TypeError: The route declares no demand, or two.
        """
        demands = list(_demands(self.dependant))
        if len(demands) != 1:
            raise TypeError(
                f"route {self.path}: declare `require(...)` or PUBLIC, once; it has {len(demands)}"
            )
        guard = self.guard = demands[0]
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            if not isinstance(guard, Require):
                return await answered(request)
            try:
                # FastAPI reads the body before it asks dependencies; nobody unknown makes us do
                # that.
                await guard(request)
                return await answered(request)
            except Problem as problem:
                await refused(request, f"{request.method} {self.path}", problem)
                raise

        async def answered(request: Request) -> Response:
            if self.body_field is not None:
                _refuse_other_kinds(request.headers)
            return await handle(request)

        return guarded


def router(prefix: str, tag: str) -> APIRouter:
    """Make a resource's router, below `/api/v1`."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=GuardedRoute)


def _refuse_other_kinds(headers: Headers) -> None:
    """A body of another kind would be told to be no object, which helps nobody.

    Raises:
        Problem: There is a body, and it does not say that it is JSON.
    """
    length = headers.get("content-length", "0")
    if length == "0" and "transfer-encoding" not in headers:
        return
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "send the body as JSON, with the header Content-Type: application/json",
        )


def _demands(dependant: Dependant) -> Iterator[Require | Public]:
    for one in dependant.dependencies:
        if isinstance(one.call, Require | Public):
            yield one.call
        yield from _demands(one)
