"""Puts API and pages together: routes, errors, what stands before them. Made by `app` and tests."""

from dataclasses import replace
from importlib.metadata import version
from typing import Final

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from streamer.web.documented import PROBLEMS
from streamer.web.errors import install
from streamer.web.heads import Heads
from streamer.web.pages.audit import audit_page
from streamer.web.pages.cameras import cameras_page
from streamer.web.pages.devices import devices_page
from streamer.web.pages.enrol import enrol
from streamer.web.pages.home import home
from streamer.web.pages.installation import installation
from streamer.web.pages.kiosk import kiosk_pages
from streamer.web.pages.live import live_page
from streamer.web.pages.rendering import PageRenderer
from streamer.web.pages.replies import replies_page
from streamer.web.pages.report_schedules import report_schedules_page
from streamer.web.pages.reports import reports_page
from streamer.web.pages.review import review
from streamer.web.pages.today import today
from streamer.web.pages.users import users
from streamer.web.ports import WebParts
from streamer.web.resources import Resources
from streamer.web.routes.accounts import accounts
from streamer.web.routes.appointments import appointments
from streamer.web.routes.audit import audit
from streamer.web.routes.cameras import cameras
from streamer.web.routes.check_ins import check_ins
from streamer.web.routes.codes import codes
from streamer.web.routes.consents import consents
from streamer.web.routes.desk import desk
from streamer.web.routes.devices import devices
from streamer.web.routes.enrolments import enrolments
from streamer.web.routes.events import events
from streamer.web.routes.health import health
from streamer.web.routes.incidents import incidents
from streamer.web.routes.jobs import jobs
from streamer.web.routes.kiosk import board, kiosk, kiosk_calls
from streamer.web.routes.live import live, whep
from streamer.web.routes.oidc import oidc
from streamer.web.routes.openapi import openapi
from streamer.web.routes.patients import patients
from streamer.web.routes.presences import presences
from streamer.web.routes.receipts import receipts
from streamer.web.routes.replies import replies
from streamer.web.routes.report_schedules import report_schedules
from streamer.web.routes.reports import reports
from streamer.web.routes.reviews import reviews
from streamer.web.routes.rights import rights
from streamer.web.routes.schedule import schedule
from streamer.web.routes.service import service
from streamer.web.routes.session import session
from streamer.web.routes.settings import settings
from streamer.web.routes.tokens import tokens
from streamer.web.routes.tracks import tracks
from streamer.web.security.forwarded import Forwarded
from streamer.web.security.gate import Gate
from streamer.web.security.headers import SecurityHeaders
from streamer.web.security.slow_bodies import SlowBodies

API: Final = "/api/v1"
MAX_BODY: Final = 1 << 20
"""Bytes of a request's body; a route that takes pictures says more (`max_body_size`)."""

_ROUTERS: Final = (
    health,
    openapi,
    session,
    oidc,
    patients,
    enrolments,
    consents,
    receipts,
    appointments,
    schedule,
    events,
    check_ins,
    presences,
    codes,
    kiosk,
    kiosk_calls,
    board,
    devices,
    reviews,
    desk,
    cameras,
    whep,
    live,
    tracks,
    service,
    audit,
    replies,
    report_schedules,
    reports,
    accounts,
    tokens,
    jobs,
    settings,
    rights,
    incidents,
)

_PAGES: Final = (
    home,
    today,
    review,
    enrol,
    users,
    audit_page,
    # Before the third: there `mine` and `schedules` would be taken for a report's id.
    replies_page,
    report_schedules_page,
    reports_page,
    installation,
    devices_page,
    kiosk_pages,
    live_page,
    cameras_page,
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
        application.include_router(one, prefix=API, max_body_size=MAX_BODY, responses=PROBLEMS)
    application.state.pages = pages = PageRenderer()
    for one in _PAGES:
        application.include_router(one, max_body_size=MAX_BODY)
    pages.served = {
        context.path for context in iter_route_contexts(application.routes) if context.path
    }
    install(application)
    entrance = parts.entrance
    # The last one added is the first one passed.
    application.add_middleware(Heads)
    application.add_middleware(SlowBodies)
    application.add_middleware(
        Gate, identities=entrance.identities, rules=entrance.rules, clock=parts.clock
    )
    application.add_middleware(Forwarded, proxies=entrance.rules.proxies)
    application.add_middleware(SecurityHeaders)
    return application


def open_clinic(application: FastAPI, resources: Resources) -> None:
    """Let the routes of the clinic's domain work: what they need exists only by now."""
    parts: WebParts = application.state.parts
    application.state.parts = replace(parts, resources=resources)
