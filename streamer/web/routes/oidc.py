"""`/oidc`: to the provider and back. For browsers: what goes wrong is a page if they want one."""

from html import escape
from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from streamer.web.documented import NOT_FOUND
from streamer.web.oidc.oidc_sign_in import LONGEST_S, OidcSignIn
from streamer.web.parts import Parts
from streamer.web.ports import WebParts
from streamer.web.problem import Problem, not_found
from streamer.web.require import PUBLIC
from streamer.web.router import router
from streamer.web.security.cookies import (
    SESSION,
    SIGNING_IN,
    clear_cookie,
    cookie_of,
    set_cookie,
)
from streamer.web.security.gate import client_address

oidc = router("/oidc", "session")

_Text = Annotated[str, Query(max_length=2048)]


@oidc.get(
    "/sign-in",
    dependencies=[PUBLIC],
    status_code=303,
    response_class=Response,
    responses=NOT_FOUND,
)
async def begin(request: Request, parts: Parts, return_to: _Text = "/") -> Response:
    """Go to the provider to sign in; afterwards to a path of this server."""
    try:
        leaving = await _provider(parts).leave(return_to)
    except Problem as problem:
        return _told(request, problem)
    response = RedirectResponse(leaving.url, HTTPStatus.SEE_OTHER)
    set_cookie(response, SIGNING_IN, leaving.cookie, LONGEST_S)
    return response


@oidc.get(
    "/callback",
    dependencies=[PUBLIC],
    status_code=303,
    response_class=Response,
    responses=NOT_FOUND,
)
async def end(
    request: Request,
    parts: Parts,
    state: _Text = "",
    code: _Text | None = None,
    error: _Text | None = None,
    iss: _Text | None = None,
) -> Response:
    """Come back from the provider."""
    try:
        back = await _provider(parts).come_back(
            cookie_of(request.cookies, SIGNING_IN),
            state,
            code,
            error,
            iss,
            cookie_of(request.cookies, SESSION),
            client_address(request.scope),
        )
    except Problem as problem:
        response = _told(request, problem)
    else:
        response = RedirectResponse(back.return_to, HTTPStatus.SEE_OTHER)
        set_cookie(response, SESSION, back.secret, parts.entrance.rules.longest_s)
    # Once used, whatever came of it.
    clear_cookie(response, SIGNING_IN)
    return response


def _provider(parts: WebParts) -> OidcSignIn:
    if parts.entrance.oidc is None:
        raise not_found("provider: sign in with a password")
    return parts.entrance.oidc


def _told(request: Request, problem: Problem) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        return problem.response()
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Kirdi</title>"
        f"<h1>Not signed in</h1><p>{escape(problem.detail)}.</p>"
    )
    return HTMLResponse(page, problem.status.value, headers=problem.headers)
