"""`/review`: one waiting face or conflict at a time, decided by keyboard or mouse."""

from typing import Annotated

from fastapi import Request, Response

from streamer.web.pages.rendering import Pages
from streamer.web.pages.router import page_router
from streamer.web.pages.words import FLAGS, REVIEW_REASONS
from streamer.web.permissions import Permission
from streamer.web.principal import Principal
from streamer.web.require import require

review = page_router()


@review.get("/review")
async def show_review_page(
    request: Request,
    pages: Pages,
    principal: Annotated[Principal, require(Permission.REVIEWS_READ)],
) -> Response:
    """Show the page; what waits is fetched by its module."""
    return pages.render(
        request,
        "review.html",
        may_decide=principal.may(Permission.REVIEWS_WRITE),
        may_name=principal.may(Permission.NAMES_READ),
        reasons=REVIEW_REASONS,
        flags=FLAGS,
    )
