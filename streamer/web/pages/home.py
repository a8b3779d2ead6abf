"""`/`, `/sign-in`, `/account` and `/static`: what stands before the pages, and around them."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from streamer.web.pages.navigation import menu_of
from streamer.web.pages.rendering import Pages
from streamer.web.pages.router import page_router
from streamer.web.parts import Parts
from streamer.web.principal import Principal
from streamer.web.problem import not_found
from streamer.web.require import PUBLIC, PUBLIC_AND_DEVICES, require
from streamer.web.security.local_path import local_path

home = page_router()

_ReturnTo = Annotated[str, Query(max_length=2048)]


@home.get("/")
async def go_home(pages: Pages, principal: Annotated[Principal, require()]) -> Response:
    """Go to the first page of the menu."""
    menu = menu_of(principal, pages.served)
    return RedirectResponse(menu[0].path if menu else "/account", HTTPStatus.SEE_OTHER)


@home.get("/sign-in", dependencies=[PUBLIC])
async def show_sign_in(
    request: Request, pages: Pages, parts: Parts, return_to: _ReturnTo = "/"
) -> Response:
    """Show the form; who is signed in already goes on."""
    target = local_path(return_to)
    if isinstance(getattr(request.state, "principal", None), Principal):
        return RedirectResponse(target, HTTPStatus.SEE_OTHER)
    with_provider = parts.entrance.oidc is not None
    return pages.render(request, "sign_in.html", return_to=target, with_provider=with_provider)


@home.get("/account")
async def show_account(
    request: Request, pages: Pages, _principal: Annotated[Principal, require()]
) -> Response:
    """Show who one is, what one may, and the form for another password."""
    return pages.render(request, "account.html")


@home.get("/static/{path:path}", dependencies=[PUBLIC_AND_DEVICES])
async def send_static_file(
    request: Request, pages: Pages, path: Annotated[str, Path(max_length=128)]
) -> Response:
    """Send a style or a script."""
    file = pages.static.get(path)
    if file is None:
        raise not_found("file")
    headers = {"ETag": file.etag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)
