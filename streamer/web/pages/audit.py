"""`/audit`: who did what, and whether it is still as it was written."""

from typing import Annotated

from fastapi import Request, Response

from streamer.web.clinic import Clinic, day_or_today
from streamer.web.pages.audit_words import DETAIL_NAMES, DETAIL_VALUES
from streamer.web.pages.rendering import Pages
from streamer.web.pages.router import page_router
from streamer.web.pages.words import AUDIT_KINDS, ROLES
from streamer.web.parts import Parts
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.require import require

audit_page = page_router()


@audit_page.get("/audit")
async def show_audit_page(
    request: Request,
    pages: Pages,
    parts: Parts,
    clinic: Clinic,
    _principal: Annotated[Principal, require(Permission.AUDIT_READ)],
) -> Response:
    """Show the page; events are fetched by its module, and looking is on record, too."""
    today = day_or_today(None, parts, clinic)
    return pages.render(
        request,
        "audit.html",
        kinds=AUDIT_KINDS,
        detail_names=DETAIL_NAMES,
        detail_values=DETAIL_VALUES | {role.value: said for role, said in ROLES.items()},
        today=today,
    )
