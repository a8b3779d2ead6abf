"""Turns what a route raises into a problem, or a page that says it. Installed by `application`."""

import secrets
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from streamer.errors import (
    CacheError,
    CameraError,
    DatabaseError,
    InputError,
    KirdiError,
    LookAlikeError,
    NoMatchError,
    OutsideError,
    StaleError,
    TextError,
    UnsentError,
    VaultError,
)
from streamer.web.problem import Problem
from streamer.web.security.headers import add_headers

log = structlog.get_logger(__name__)

_FRAMES: Final = 8
_AWAY: Final = {"Retry-After": "5"}
_SAID: Final = {
    HTTPStatus.BAD_REQUEST: "the request's body cannot be read; send JSON in UTF-8",
    HTTPStatus.NOT_FOUND: "there is no such route; the OpenAPI document lists them",
    HTTPStatus.METHOD_NOT_ALLOWED: "this route takes another method; see `Allow`",
}
# The first that fits. The messages of what is the client's to mend are passed on; what concerns the
# installation's insides is written to the log alone.
_OURS: Final[tuple[tuple[type[KirdiError], HTTPStatus, str, str | None], ...]] = (
    (StaleError, HTTPStatus.PRECONDITION_FAILED, "stale", None),
    (LookAlikeError, HTTPStatus.UNPROCESSABLE_ENTITY, "look-alike", None),
    (InputError, HTTPStatus.UNPROCESSABLE_ENTITY, "input", None),
    # Before what it is a kind of: no field has to remember the one character that is kept nowhere.
    (TextError, HTTPStatus.UNPROCESSABLE_ENTITY, "input", None),
    (NoMatchError, HTTPStatus.CONFLICT, "no-match", None),
    (CameraError, HTTPStatus.BAD_GATEWAY, "camera", None),
    (UnsentError, HTTPStatus.BAD_GATEWAY, "outside", None),
    (OutsideError, HTTPStatus.BAD_GATEWAY, "outside", "a service outside does not answer"),
    (DatabaseError, HTTPStatus.SERVICE_UNAVAILABLE, "database", "the database does not answer"),
    (CacheError, HTTPStatus.SERVICE_UNAVAILABLE, "cache", "the cache does not answer"),
    (VaultError, HTTPStatus.SERVICE_UNAVAILABLE, "vault", "the keys cannot be had"),
    (KirdiError, HTTPStatus.CONFLICT, "refused", None),
)


def problem_of(error: KirdiError) -> Problem:
    """Return what a client is told of one of our errors."""
    for kind, status, word, detail in _OURS:
        if isinstance(error, kind):
            headers = _AWAY if status is HTTPStatus.SERVICE_UNAVAILABLE else None
            more: dict[str, object] = {}
            if isinstance(error, LookAlikeError):
                more["looks_like"] = error.references
            if error.code:
                more |= {"code": error.code, "values": error.values}
            return Problem(status, word, detail or error.message, headers, more)
    raise AssertionError("KirdiError covers all of them")


def page_of(request: Request, problem: Problem) -> Response:
    """Return the page that tells a person of it."""
    page: Response = request.app.state.pages.render(
        request, "problem.html", status=problem.status, problem=problem
    )
    page.headers.update(problem.headers)
    return page


def note(request: Request, error: KirdiError, problem: Problem) -> None:
    """Write to the log what is the installation's to mend."""
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request failed", route=_route(request), reason=str(error))


def install(application: FastAPI) -> None:
    """Have every error answered as a problem."""

    async def on_problem(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)
        return error.response()

    async def on_ours(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, KirdiError)
        problem = problem_of(error)
        note(request, error, problem)
        return problem.response()

    async def on_invalid(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        broken = next((one for one in error.errors() if one["type"] == "json_invalid"), None)
        if broken is not None:
            # Our own words: the reader's may repeat what it stumbled over.
            detail = f"the body is no JSON: it cannot be read at character {broken['loc'][-1]}"
            return Problem(HTTPStatus.BAD_REQUEST, "json", detail).response()
        errors = [_fault(one) for one in error.errors()]
        detail = "the request is not as the API describes it"
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return Problem(status, "invalid", detail, more={"errors": errors}).response()

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        status = HTTPStatus(error.status_code)
        kind = status.phrase.lower().replace(" ", "-")
        headers = dict(error.headers or {})
        detail = _SAID.get(status) or status.description or status.phrase
        problem = Problem(status, kind, detail, headers)
        if status is HTTPStatus.NOT_FOUND and _by_a_person(request):
            return page_of(request, problem)
        return problem.response()

    async def on_bug(request: Request, error: Exception) -> Response:
        fault = secrets.token_hex(4)
        _log_bug(request, error, fault)
        detail = f"this is a fault of the service; its log tells more, under fault {fault}"
        problem = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "fault", detail, more={"fault": fault})
        response: Response = problem.response()
        if _by_a_person(request):
            try:
                response = page_of(request, problem)
            except Exception as second:  # noqa: BLE001  the bug may be in what every page is made of
                _log_bug(request, second, fault)
        # This is answered outside of everything else.
        add_headers(response.headers, request.url.scheme == "https")
        return response

    application.add_exception_handler(Problem, on_problem)
    application.add_exception_handler(KirdiError, on_ours)
    application.add_exception_handler(RequestValidationError, on_invalid)
    application.add_exception_handler(HTTPException, on_http)
    application.add_exception_handler(Exception, on_bug)


def _fault(found: Mapping[str, Any]) -> dict[str, object]:
    """Where and why, never what: the value may be somebody's number."""
    told: dict[str, object] = {
        "where": [str(part) for part in found["loc"]],
        "code": str(found["type"]),
    }
    if found["type"] == "value_error":
        # A rule of our own, in our own words: `fields`, `models`.
        told["reason"] = str(found["ctx"]["error"])
    return told


def _by_a_person(request: Request) -> bool:
    """Does a browser want to show the answer to somebody?"""
    page = not request.url.path.startswith("/api/")
    return page and "text/html" in request.headers.get("accept", "")


def _log_bug(request: Request, error: Exception, fault: str) -> None:
    # Where, and never in the error's own words: they may repeat somebody's name or number.
    log.error(
        "request failed",
        route=_route(request),
        fault=fault,
        kind=type(error).__name__,
        where=_where(error),
    )


def _where(error: Exception) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]


def _route(request: Request) -> str:
    """The route's pattern: a path may hold somebody's reference."""
    route = request.scope.get("route")
    return f"{request.method} {getattr(route, 'path', '?')}"
