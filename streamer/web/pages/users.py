"""`/users`: accounts, their roles and cameras, one-time passwords, tokens of programs."""

from typing import Annotated

from fastapi import Request, Response

from streamer.domain.role import Role
from streamer.web.clinic import Clinic
from streamer.web.pages.rendering import Pages
from streamer.web.pages.router import page_router
from streamer.web.permissions import DEVICES_ONLY, Permission
from streamer.web.principal import Principal
from streamer.web.require import require

users = page_router()


@users.get("/users")
async def show_users_page(
    request: Request,
    pages: Pages,
    clinic: Clinic,
    principal: Annotated[Principal, require(Permission.ACCOUNTS_READ)],
) -> Response:
    """Show the page; accounts and tokens are fetched by its module."""
    return pages.render(
        request,
        "users.html",
        roles=list(Role),
        cameras=sorted(one.state.camera_id for one in clinic.cameras.reports()),
        scopes=[one.value for one in Permission if one not in DEVICES_ONLY],
        may_write=principal.may(Permission.ACCOUNTS_WRITE),
    )
