"""By which test each route is attacked. A new one has to be put somewhere, or two tests fail.

What stands in the OpenAPI document is walked by `tests/integration/web/test_route_attacks.py`, but
for what is named here.
"""

from typing import Final

WEB: Final = "tests/integration/web/"

ELSEWHERE: Final = {
    "GET /api/v1/health": WEB + "test_api.py",
    # Signing in and out would end the walk.
    "GET /api/v1/session": WEB + "test_attacks.py",
    "POST /api/v1/session": WEB + "test_attacks.py",
    "DELETE /api/v1/session": WEB + "test_attacks.py",
    "PUT /api/v1/session/password": WEB + "test_sign_in.py",
    "GET /api/v1/oidc/sign-in": WEB + "test_oidc.py",
    "GET /api/v1/oidc/callback": WEB + "test_oidc.py",
    # Never ends.
    "GET /api/v1/events": WEB + "test_schedule.py",
    "GET /api/v1/openapi.json": WEB + "test_api.py",
}
"""Routes that are not walked, and where they are attacked instead."""

ALSO_ELSEWHERE: Final = {
    # The walk sends them no body that gets far.
    "POST /api/v1/cameras/{camera_id}/whep": "tests/integration/live/test_whep.py",
    "PATCH /api/v1/live/{viewer_id}": "tests/integration/live/test_whep.py",
    "POST /api/v1/kiosk/pictures": WEB + "test_devices.py",
    "POST /api/v1/enrolments": WEB + "test_people.py",
}

PAGES: Final = {
    "GET /",
    "GET /sign-in",
    "GET /account",
    "GET /static/{path:path}",
    "GET /today",
    "GET /today/sheet",
    "GET /today/downtime",
    "GET /review",
    "GET /enrol",
    "GET /users",
    "GET /audit",
    "GET /reports",
    "GET /reports/mine",
    "GET /reports/schedules",
    "GET /reports/style.css",
    "GET /reports/{report_id}",
    "GET /reports/{report_id}/rows",
    "GET /settings",
    "GET /health",
    "GET /devices",
    "GET /kiosk",
    "GET /kiosk/pair",
    "GET /board",
    "GET /live",
    "GET /cameras",
}
"""Templates: what stands in them comes through the API, or is tested beside them."""
