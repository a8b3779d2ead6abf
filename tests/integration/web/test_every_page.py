"""Every page as every role, in every language: it is shown, or it says in words why not."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import product
from urllib.parse import quote

import httpx
import pytest

from streamer.domain.consent import Language
from streamer.domain.device import DeviceKind
from streamer.domain.role import Role
from streamer.web.pages.catalogues import read_catalogues
from streamer.web.pages.navigation import NAVIGATION
from streamer.web.permissions import Permission, permissions_of, permissions_of_device
from streamer.web.require import Public, Require
from tests.integration.storage.clinic import booking, patient
from tests.integration.web.house import House
from tests.integration.web.served import PASSWORD, ServedApi, cookies_of
from tests.integration.web.test_reports import made
from tests.route_table import RouteLine, route_table

API = "/api/v1/"
REFUSED = "This page is not for your account"
WORDS = read_catalogues()
FILES = {"/static/{path:path}", "/reports/style.css"}
"""No pages, but what pages are made of."""
BESIDE_THE_MENU = {
    "/sign-in",
    "/account",
    "/today/sheet",
    "/today/downtime",
    "/reports/mine",
    "/reports/schedules",
    "/reports/{report_id}",
    "/reports/{report_id}/rows",
    "/kiosk",
    "/kiosk/pair",
    "/board",
}
"""Pages that another one leads to; every other page has a line in the menu."""
OF_DEVICES = {"/kiosk", "/board"}
"""What is not paired is led to where it can be; from elsewhere one is led to sign in."""


@dataclass
class Visitor:
    """A browser, and what whoever sits at it may do; None = nobody has signed in."""

    name: str
    client: httpx.AsyncClient
    permissions: frozenset[Permission] | None
    device: bool = False

    def may(self, line: RouteLine) -> bool:
        guard = line.guard
        if isinstance(guard, Public):
            return guard.devices or not self.device
        assert isinstance(guard, Require), line.name
        if self.permissions is None or (self.device and not guard.permissions):
            return False
        return guard.permissions <= self.permissions


@pytest.fixture
async def addresses(house: House) -> Mapping[str, str]:
    """Where there is something to be seen, of pages whose path has a name in it."""
    await house.clinic.import_patients(patient(1))
    await house.clinic.import_bookings(booking(1))
    report_id = await made(house, await house.as_role(Role.HEAD, account="maker"))
    day = house.clinic.clock.now().date().isoformat()
    return {
        "/static/{path:path}": "/static/kirdi.css",
        "/reports/{report_id}": f"/reports/{report_id}",
        "/reports/{report_id}/rows": f"/reports/{report_id}/rows?day={day}",
    }


@pytest.fixture
async def visitors(house: House) -> AsyncIterator[list[Visitor]]:
    """Nobody, somebody of each role, somebody without any, and a device of each kind."""
    api, found = house.api, [Visitor("nobody", browser(house.api), None)]
    for roles in (*[(role,) for role in Role], ()):
        name = "-".join(roles) or "idle"
        refs = ("D-1",) if Role.PRACTITIONER in roles else ()
        await api.account(name, *roles, practitioner_refs=refs)
        client = browser(api)
        sent = {"account": name, "password": PASSWORD}
        answer = await client.post("/api/v1/session", json=sent)
        assert answer.status_code == HTTPStatus.OK, answer.text
        keep(client, answer, "__Host-kirdi")
        found.append(Visitor(name, client, permissions_of(roles)))
    desk = await house.as_role(Role.RECEPTION, account="desk")
    for kind in DeviceKind:
        asked = await desk.post("/devices", json={"device_id": f"{kind}-7", "kind": kind})
        client = browser(api)
        answer = await client.post("/api/v1/devices/pairings", json={"code": asked.json()["code"]})
        assert answer.status_code == HTTPStatus.OK, answer.text
        keep(client, answer, "__Host-kirdi-device")
        found.append(Visitor(kind, client, permissions_of_device(kind), device=True))
    yield found
    for one in found:
        await one.client.aclose()


def browser(api: ServedApi) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=api.url, headers={"Accept": "text/html"}, timeout=20)


def keep(client: httpx.AsyncClient, answer: httpx.Response, cookie: str) -> None:
    client.headers["Cookie"] = f"{cookie}={cookies_of(answer)[cookie]}"


def expected(visitor: Visitor, line: RouteLine, address: str) -> HTTPStatus | str:
    """With what a page answers: a status, or where it leads to."""
    if not visitor.may(line):
        if visitor.permissions is not None:
            return HTTPStatus.FORBIDDEN
        if line.path in OF_DEVICES:
            return "/kiosk/pair"
        return f"/sign-in?return_to={quote(address, safe='')}"
    if visitor.permissions is not None and line.path == "/sign-in":
        return "/"
    if line.path == "/":
        menu = [one.path for one in NAVIGATION if one.permissions <= (visitor.permissions or set())]
        return menu[0] if menu else "/account"
    return HTTPStatus.OK


def menu_in(page: str) -> set[str]:
    menu = re.search(r'<nav id="menu".*?</nav>', page, re.DOTALL)
    return set(re.findall(r'<a href="([^"]+)"', menu[0])) if menu else set()


def title_in(page: str) -> str:
    title = re.search(r"<title>(.*?) ·", page, re.DOTALL)
    assert title, page[:500]
    return title[1]


async def test_each_page_is_shown_to_whom_it_is_for_and_tells_others_why_not(
    house: House, visitors: list[Visitor], addresses: Mapping[str, str]
) -> None:
    pages = [one for one in route_table(house.api.application) if not one.path.startswith(API)]
    assert {one.method for one in pages} == {"GET"}
    of_menu = {one.path for one in pages} - BESIDE_THE_MENU - FILES - {"/"}
    assert of_menu == {one.path for one in NAVIGATION}
    unseen = {one.path for one in pages} - {"/"}
    for visitor, language in product(visitors, Language):
        shown, menus = set(), {}
        visitor.client.headers["Accept-Language"] = language.value
        for line in pages:
            where = f"{visitor.name} {line.name} {language}"
            address = addresses.get(line.path, line.path)
            assert "{" not in address, f"{line.path}: say where it is, in `addresses`"
            answer = await visitor.client.get(address)
            found = answer.headers.get("location", HTTPStatus(answer.status_code))
            assert found == expected(visitor, line, address), where
            if answer.status_code == HTTPStatus.OK:
                shown.add(line.path)
            if answer.is_redirect or (answer.is_success and line.path in FILES):
                continue
            title = title_in(answer.text)
            assert answer.is_success or title == WORDS[language].gettext(REFUSED), where
            assert title.isascii() is (language is Language.EN), where
            assert f'<html lang="{language}"' in answer.text, where
            assert answer.headers["content-language"] == language, where
            if '<header class="bar">' in answer.text:
                menus[where] = menu_in(answer.text)
        if "/reports" in shown:
            mistyped = await visitor.client.get("/reports/none")
            assert mistyped.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
            assert title_in(mistyped.text) == WORDS[language].gettext("This address is not right")
        assert len(menus) > 1, visitor.name
        for where, menu in menus.items():
            assert menu == shown & of_menu, where
        unseen -= shown
    assert unseen == set()


async def test_whoever_only_looks_whether_a_page_is_there_gets_no_body(api: ServedApi) -> None:
    async with httpx.AsyncClient(base_url=api.url) as client:
        for path, status in (("/sign-in", 200), ("/static/kirdi.css", 200), ("/today", 401)):
            answer = await client.head(path)
            assert (answer.status_code, answer.content) == (status, b""), path
        assert (await client.head("/api/v1/health")).status_code == 405
