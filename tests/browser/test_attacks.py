"""What somebody tries at the pages of a real service, with a bound: each gains nothing.

What is tried at the API alone stands in `tests/integration/web/test_attacks.py` and
`test_route_attacks.py`, and in `tests/integration/live/test_whep.py`.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import pytest
from playwright.async_api import Page, Route, expect

from streamer.domain.account import NewAccount
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.booking import Booking
from streamer.domain.consent import Language
from streamer.domain.patient import Patient
from streamer.domain.role import Role
from tests.browser.console import Console
from tests.browser.pages import KIOSK, OF_ROLES, opened, paired
from tests.browser.test_live import ask
from tests.browser.test_today import backend_of, find

_HIT: Final = "document.documentElement.dataset.hit=1"
SCRIPTS: Final = (
    f"<script>{_HIT}</script>",
    f"<img src=x onerror={_HIT}>",
    f'"><svg onload={_HIT}>',
    f"' onfocus='{_HIT}' autofocus='",
    f"</script><script>{_HIT}</script>",
    f"javascript:{_HIT}",
    "{{8642*7531}}${8642*7531}#{8642*7531}",
)
_FOUND: Final = """
() => [
  document.documentElement.dataset.hit ?? "",
  document.querySelectorAll("img[src=x], svg[onload], [onerror], [onfocus]").length +
    document.querySelectorAll("script:not([src], [type='application/json'])").length,
  document.documentElement.outerHTML.includes("65082902"),
]
"""
NOTHING: Final = ["", 0, False]


# `test_today` has a short one.
async def test_what_anybody_may_write_is_shown_and_never_run(console: Console) -> None:
    refs = await written(console)
    tablet = await paired(console, "tablet-a")
    for path, role in {**OF_ROLES, KIOSK: None}.items():
        async with opened(console, path, role, Language.EN, tablet) as (page, _):
            if path == "/today":
                await find(page, refs[0])
                await expect(page.locator("#rows .name").first).to_have_text(SCRIPTS[0])
                await decided(page, refs[1])
            assert await page.evaluate(_FOUND) == NOTHING, path
    async with console.page(Role.AUDITOR) as page:
        # What was typed as a reason is read here.
        await page.goto("/audit")
        await expect(page.locator("#events tbody tr")).not_to_have_count(0)
        assert await page.evaluate(_FOUND) == NOTHING


async def written(console: Console) -> list[str]:
    """Texts of others: of the hospital's system, of colleagues, of programs."""
    async with backend_of(console) as backend:
        now = backend.clock.now()
        refs = [f"X-{n}" for n in range(len(SCRIPTS))]
        people = [Patient(ref, text) for ref, text in zip(refs, SCRIPTS, strict=True)]
        await backend.patients_import.run(people, now)
        visits = [
            Booking(
                appointment_ref=ref,
                patient_ref=ref,
                practitioner_ref=f"dx-{ref}",
                practitioner_name=text,
                service_code="B",
                service_name=text,
                starts_at=now + timedelta(minutes=5),
                ends_at=now + timedelta(minutes=25),
                status=AppointmentStatus.BOOKED,
                room=text[:60],
            )
            for ref, text in zip(refs, SCRIPTS, strict=True)
        ]
        await backend.appointments_import.run(visits, now)
        await backend.manual_check_ins.add(refs[-1], Actor("somebody"), SCRIPTS[1])
        await backend.undo.undo(refs[-1], Actor("somebody"), SCRIPTS[2], False)
        program = NewAccount("program-x", (Role.RECEPTION,), (), None, None)
        await backend.accounts.add(program, SERVICE, now)
        scopes = ["appointments:read"]
        day = timedelta(days=1)
        await backend.tokens.create("program-x", SCRIPTS[1][:64], scopes, day, SERVICE, now)
    return refs


async def decided(page: Page, ref: str) -> None:
    """Typed on the page itself, as a reason; shown in the notice and in the row."""
    line = await find(page, ref)
    await line.get_by_role("button", name="Check in").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Another reason:").last.fill(SCRIPTS[1])
    await dialog.get_by_role("button", name="Check in").click()
    await expect(line).to_contain_text("Arrived")


async def test_another_sites_page_frames_and_sends_nothing(console: Console) -> None:
    form = f"""<iframe src="{console.url}/today"></iframe>
      <form method="post" action="{console.url}/api/v1/check-ins" enctype="text/plain">
      <input name='{{"appointment_ref":"A-5","reason":"' value='"}}'></form>"""

    async def evil(route: Route) -> None:
        await route.fulfill(body=form, content_type="text/html")

    async with console.context(Role.RECEPTION) as context:
        page = await context.new_page()
        await page.route("http://evil.test/**", evil)
        await page.goto("http://evil.test/")
        framed = page.frames[-1]
        assert await framed.locator("#today").count() == 0
        async with page.expect_response("**/api/v1/check-ins") as sent:
            await page.evaluate("document.querySelector('form').submit()")
        assert (await sent.value).status in (401, 403)
        await page.wait_for_url("**/api/v1/check-ins")
        # Nor does the own page's script without the session's token.
        await page.goto(f"{console.url}/account")
        bare = "fetch('/api/v1/session', { method: 'DELETE' }).then((answer) => answer.status)"
        assert await page.evaluate(bare) == HTTPStatus.FORBIDDEN
        answer = await page.goto(f"{console.url}/today")
        assert answer is not None
        headers = await answer.all_headers()
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert console.kirdi.statuses()["A-5"] == "booked"


OFFERS: Final[Mapping[str, str]] = {
    "empty": "",
    "no SDP": "GET / HTTP/1.1\r\n\r\n",
    "cut short": "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9",
    "binary": "\x00\x01\x7f" * 900,
    "a thousand lines of media": "v=0\r\ns=-\r\nt=0 0\r\n" + "m=video 9 X 96\r\n" * 1000,
    "a number too large": f"v=0\r\no=- {'9' * 4000} 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
    "oversized": "a=x\r\n" * 300_000,
}


async def test_crooked_offers_open_no_view_and_harm_nobody(console: Console) -> None:
    async with console.page(Role.REVIEWER) as page:
        await page.goto("/account")
        for name, offer in OFFERS.items():
            status = await page.evaluate(
                """async (body) => {
                  const token = document.querySelector('meta[name="csrf-token"]').content;
                  const headers = { "X-CSRF-Token": token, "Content-Type": "application/sdp" };
                  const url = "/api/v1/cameras/lobby-1/whep?view=blurred";
                  return (await fetch(url, { method: "POST", headers, body })).status;
                }""",
                offer,
            )
            assert 400 <= status < 500, (name, status)
        assert await ask(page, "GET", "health") == HTTPStatus.OK


CLOSED: Final[Mapping[Role, tuple[str, ...]]] = {
    Role.RECEPTION: ("audit/events", "accounts", "settings", "reviews", "jobs", "tokens"),
    Role.OPERATOR: ("patients?limit=1", "schedule", "reviews", "check-ins", "devices", "accounts"),
    Role.REVIEWER: ("patients?limit=1", "accounts", "audit/events", "devices", "codes"),
    Role.PRACTITIONER: ("reviews", "cameras", "accounts", "audit/events", "devices"),
    Role.INSURER: ("patients?limit=1", "cameras", "reviews", "devices", "audit/events"),
    Role.ADMIN: ("patients?limit=1", "schedule", "reviews", "audit/events", "check-ins"),
    Role.AUDITOR: ("patients?limit=1", "schedule", "cameras", "accounts", "reviews"),
}


@pytest.mark.parametrize("role", CLOSED)
async def test_another_roles_routes_and_cameras_stay_closed(console: Console, role: Role) -> None:
    async with console.page(role) as page:
        await page.goto("/account")
        for path in CLOSED[role]:
            assert await ask(page, "GET", path) in (403, 404, 405), path
        for path in ("cameras/lobby-1/tracks?view=clear", "cameras/lobby-2/tracks"):
            if role is not Role.REVIEWER:
                assert await ask(page, "GET", path) in (403, 404), path
        for path in ("cameras/lobby-1/disable", "accounts/reception/disable"):
            if role is not Role.OPERATOR and role is not Role.ADMIN:
                assert await ask(page, "POST", path) in (403, 404), path


async def test_a_kiosks_token_opens_the_kiosk_alone(console: Console) -> None:
    tablet: Any = await paired(console, "tablet-b")
    async with console.context(None, storage_state=tablet) as context:
        page = await context.new_page()
        for path in OF_ROLES:
            if path not in ("/sign-in", "/kiosk/pair", "/nowhere"):
                await page.goto(path)
                assert re.search(r"/(sign-in|kiosk)", page.url) or await denied(page), path
        await page.goto("/kiosk")
        for path in (
            *("schedule", "events", "patients?limit=1", "appointments", "codes", "cameras"),
            *(
                "check-ins",
                "reviews",
                "audit/events",
                "accounts",
                "settings",
                "kiosk-calls",
                "board",
            ),
        ):
            status = await page.evaluate(
                "(path) => fetch(`/api/v1/${path}`).then((answer) => answer.status)", path
            )
            assert status in (401, 403, 404, 405), (path, status)


async def denied(page: Page) -> bool:
    """Is it the page that says so?"""
    found = await page.get_by_text("This page is not for your account").count()
    return found > 0
