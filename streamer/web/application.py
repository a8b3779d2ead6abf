"""Puts the API together: routes, errors, and what stands before them. Made by `app` and tests."""

from importlib.metadata import version
from typing import Final

from fastapi import FastAPI

from streamer.web.errors import install
from streamer.web.ports import WebParts
from streamer.web.routes.appointments import appointments
from streamer.web.routes.cameras import cameras
from streamer.web.routes.check_ins import check_ins
from streamer.web.routes.codes import codes
from streamer.web.routes.consents import consents
from streamer.web.routes.desk import desk
from streamer.web.routes.enrolments import enrolments
from streamer.web.routes.health import health
from streamer.web.routes.openapi import openapi
from streamer.web.routes.patients import patients
from streamer.web.routes.presences import presences
from streamer.web.routes.receipts import receipts
from streamer.web.routes.reviews import reviews
from streamer.web.routes.service import service
from streamer.web.routes.session import session
from streamer.web.security.authentication import Authentication

API: Final = "/api/v1"

_ROUTERS: Final = (
    health,
    openapi,
    session,
    patients,
    enrolments,
    consents,
    receipts,
    appointments,
    check_ins,
    presences,
    codes,
    reviews,
    desk,
    cameras,
    service,
)


def create_application(parts: WebParts) -> FastAPI:
    """Return the ASGI application.

    Args:
        parts: What the routes work with.
    """
    application = FastAPI(
        title="Kirdi",
        version=version("kirdi"),
        description="Passive check-in for polyclinics.",
        # The document is a route like any other (`routes.openapi`); pages that show it: none.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    application.state.parts = parts
    for one in _ROUTERS:
        application.include_router(one, prefix=API)
    install(application)
    application.add_middleware(Authentication, identities=parts.identities)
    return application
