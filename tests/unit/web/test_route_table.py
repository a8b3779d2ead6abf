"""Deny by default: every route says who may use it, and is asked by those who may not."""

from typing import Annotated

import httpx
import pytest
from fastapi import Request

from streamer.domain.device import DeviceKind, PairedDevice
from streamer.domain.role import Role
from streamer.web.application import create_application
from streamer.web.permissions import Permission, permissions_of, permissions_of_device
from streamer.web.ports import OpenSession, WebParts
from streamer.web.principal import Principal
from streamer.web.require import PUBLIC, Public, Require, require
from streamer.web.router import router
from streamer.web.security.cookies import DEVICE, SESSION
from streamer.web.security.cross_site import SAFE_METHODS
from tests.data import ROOT
from tests.fakes.clock import FakeClock, UnhurriedClock
from tests.fakes.entrance import FakeDenials, entrance
from tests.fakes.identities import FakeIdentities
from tests.integration.storage.clinic import NOW
from tests.route_classes import ALSO_ELSEWHERE, ELSEWHERE, PAGES
from tests.route_table import RouteLine, route_table

# For everybody, and why: what has to answer before anybody can have signed in.
FOR_EVERYBODY = {
    "GET /api/v1/health",
    "POST /api/v1/session",
    "GET /api/v1/oidc/sign-in",
    "GET /api/v1/oidc/callback",
    "GET /sign-in",
    "GET /static/{path:path}",
    # Whoever types the pairing code gets the cookie of one device.
    "GET /kiosk/pair",
    "POST /api/v1/devices/pairings",
}
# For whoever has signed in, whatever they are: each shows only what is their own.
FOR_WHOEVER_HAS_SIGNED_IN = {
    "GET /api/v1/openapi.json",
    "GET /api/v1/session",
    "DELETE /api/v1/session",
    "PUT /api/v1/session/password",
    "GET /api/v1/events",
    "GET /",
    "GET /account",
}
# What a device's browser reaches besides, of these.
FOR_DEVICES = {"GET /static/{path:path}", "GET /kiosk/pair", "POST /api/v1/devices/pairings"}
# All that each kind may; whatever else there is refuses it.
OF_DEVICES = {
    DeviceKind.KIOSK: {
        "GET /kiosk",
        "POST /api/v1/kiosk/codes",
        "POST /api/v1/kiosk/pictures",
        "POST /api/v1/kiosk/disputes",
        "POST /api/v1/kiosk/calls",
        "GET /api/v1/kiosk/calls",
    },
    DeviceKind.BOARD: {"GET /board", "GET /api/v1/board"},
}

IDENTITIES = FakeIdentities()
APPLICATION = create_application(
    WebParts("s1", UnhurriedClock(FakeClock(NOW)), entrance(IDENTITIES))
)
LINES = route_table(APPLICATION)


def demanding(lines: list[RouteLine]) -> list[RouteLine]:
    return [one for one in lines if isinstance(one.guard, Require)]


def test_every_route_declares_who_may_use_it() -> None:
    assert len(LINES) > 2
    assert [one.name for one in LINES if one.guard is None] == []


def test_few_routes_are_for_everybody() -> None:
    assert {one.name for one in LINES if isinstance(one.guard, Public)} == FOR_EVERYBODY


def test_few_routes_are_for_whoever_has_signed_in() -> None:
    found = {
        one.name for one in LINES if isinstance(one.guard, Require) and not one.guard.permissions
    }
    assert found == FOR_WHOEVER_HAS_SIGNED_IN


def test_every_route_is_attacked_by_some_test() -> None:
    names = {one.name for one in LINES}
    documented = {
        f"{method.upper()} {path}"
        for path, methods in APPLICATION.openapi()["paths"].items()
        for method in methods
    }
    # The document knows no `:path`.
    walked = {one for one in names if one.replace(":path}", "}") in documented} - set(ELSEWHERE)
    assert names == walked | set(ELSEWHERE) | PAGES
    assert set(ALSO_ELSEWHERE) <= walked
    assert {one.split()[0] for one in PAGES} == {"GET"}
    for name, file in (ELSEWHERE | ALSO_ELSEWHERE).items():
        *_, last = (part for part in name.split("/") if "{" not in part)
        assert last in (ROOT / file).read_text(encoding="utf-8"), name


@pytest.mark.parametrize(
    "line",
    [one for one in demanding(LINES) if one.method not in SAFE_METHODS],
    ids=lambda line: line.name,
)
async def test_no_session_changes_anything_for_another_page(line: RouteLine) -> None:
    token = IDENTITIES.add(*Role, account="everybody")
    IDENTITIES.by_session["a-session"] = OpenSession(IDENTITIES.by_token[token], "its-token")
    cookie = {"Cookie": f"{SESSION}=a-session"}
    assert await answered(line, cookie) == 403
    assert await answered(line, cookie | {"X-CSRF-Token": "csrf-of-another"}) == 403
    elsewhere = {"X-CSRF-Token": "its-token", "Origin": "https://evil.example"}
    assert await answered(line, cookie | elsewhere) == 403


@pytest.mark.parametrize("line", demanding(LINES), ids=lambda line: line.name)
async def test_nobody_gets_in(line: RouteLine) -> None:
    assert await status_of(line, None) == 401
    assert await status_of(line, "guessed") == 401


@pytest.mark.parametrize("line", demanding(LINES), ids=lambda line: line.name)
async def test_roles_without_the_permission_are_refused(line: RouteLine) -> None:
    assert isinstance(line.guard, Require)
    without = [role for role in Role if not line.guard.permissions <= permissions_of((role,))]
    for role in without:
        assert await status_of(line, IDENTITIES.add(role)) == 403, role
    if line.guard.permissions:
        assert await status_of(line, IDENTITIES.add()) == 403


@pytest.mark.parametrize("kind", DeviceKind)
async def test_a_device_reaches_its_own_routes_and_no_other(kind: DeviceKind) -> None:
    IDENTITIES.add_device(PairedDevice("tablet-7", kind, "main"), "a-token")
    headers = {
        "Cookie": f"{DEVICE}=a-token",
        "X-CSRF-Token": "csrf-of-a-token",
    }
    reached = set()
    for line in LINES:
        if line.name in OF_DEVICES[kind] | FOR_DEVICES:
            assert isinstance(line.guard, Public) or (
                line.guard is not None and line.guard.permissions <= permissions_of_device(kind)
            )
            reached.add(line.name)
        else:
            assert await answered(line, headers) == 403, line.name
    assert reached == OF_DEVICES[kind] | FOR_DEVICES
    # The token is a cookie's and no program's.
    for line in demanding(LINES):
        assert await status_of(line, "a-token") == 401


async def test_a_device_changes_nothing_without_its_pages_token() -> None:
    IDENTITIES.add_device(PairedDevice("tablet-7", DeviceKind.KIOSK, "main"), "a-token")
    (line,) = [one for one in LINES if one.name == "POST /api/v1/kiosk/calls"]
    assert await answered(line, {"Cookie": f"{DEVICE}=a-token"}) == 403
    elsewhere = {
        "Cookie": f"{DEVICE}=a-token",
        "X-CSRF-Token": "csrf-of-a-token",
        "Origin": "https://evil.example",
    }
    assert await answered(line, elsewhere) == 403


async def status_of(line: RouteLine, token: str | None) -> int:
    """Ask with nothing in place of parameters and body: who may not never gets that far."""
    return await answered(line, {} if token is None else {"Authorization": f"Bearer {token}"})


async def answered(line: RouteLine, headers: dict[str, str]) -> int:
    transport = httpx.ASGITransport(APPLICATION)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        path = line.path.replace("{", "").replace("}", "")
        return (await client.request(line.method, path, headers=headers)).status_code


def test_a_route_that_says_nothing_cannot_be_made() -> None:
    silent = router("/silent", "test")
    with pytest.raises(TypeError, match="/silent"):

        @silent.get("")
        async def read() -> None: ...


def test_a_route_cannot_be_public_and_demand_something() -> None:
    torn = router("/torn", "test")
    with pytest.raises(TypeError, match="it has 2"):

        @torn.get("", dependencies=[PUBLIC])
        async def read(
            principal: Annotated[Principal, require(Permission.AUDIT_READ)],
        ) -> None: ...


async def test_who_asks_for_too_much_is_put_on_record_and_never_read() -> None:
    identities, guarded, read = FakeIdentities(), router("/guarded", "test"), []

    @guarded.post("/{ref}")
    async def write(
        ref: str, request: Request, _who: Annotated[Principal, require(Permission.AUDIT_READ)]
    ) -> None:
        read.append(await request.body())

    way_in = entrance(identities)
    application = create_application(WebParts("s1", FakeClock(NOW), way_in))
    application.include_router(guarded)
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for role, status in ((Role.HEAD, 403), (Role.AUDITOR, 200)):
            token = identities.add(role, account=role)
            headers = {"Authorization": f"Bearer {token}"}
            answer = await client.post("/guarded/P-1", content=b"{", headers=headers)
            assert answer.status_code == status
    assert isinstance(way_in.denials, FakeDenials)
    # The route's pattern: the path itself may hold a patient's reference.
    assert way_in.denials.denied_to == [("head", "POST /guarded/{ref}")]
    assert read == [b"{"]
