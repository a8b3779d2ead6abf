"""Accounts and tokens through the API: one-time passwords, the last admin, nobody's own rights."""

import asyncio
import json
from datetime import timedelta

import httpx
import pytest

from streamer.api.accounts import ONE_TIME
from streamer.domain.actor import SERVICE
from streamer.domain.role import Role
from tests.integration.web.house import House
from tests.integration.web.served import PASSWORD, keep_cookie

DINA = {"account": "dina", "roles": ["reception"], "cameras": ["lobby-1"]}


@pytest.fixture
async def admin(house: House) -> httpx.AsyncClient:
    return await house.as_role(Role.ADMIN, account="boss")


async def sign_in(house: House, account: str, password: str) -> httpx.Response:
    client = await house.api.client()
    return await client.post("/session", json={"account": account, "password": password})


async def browser(house: House, account: str, password: str) -> httpx.AsyncClient:
    client = await house.api.client()
    answer = await client.post("/session", json={"account": account, "password": password})
    assert answer.status_code == 200, answer.text
    client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    keep_cookie(client, answer)
    return client


async def test_a_one_time_password_opens_nothing_but_the_choice_of_another(
    house: House, admin: httpx.AsyncClient
) -> None:
    added = await admin.post("/accounts", json=DINA)
    assert added.status_code == 201, added.text
    drawn = added.json()["one_time_password"]
    assert added.json()["account"]["cameras"] == ["lobby-1"]
    client = await browser(house, "dina", drawn)
    who = (await client.get("/session")).json()
    assert (who["must_change_password"], who["permissions"]) == (True, [])
    assert (await client.get("/patients")).status_code == 403
    assert (await client.get("/cameras")).status_code == 403
    again = await client.put("/session/password", json={"current": drawn, "wanted": drawn})
    assert again.json()["type"] == "urn:kirdi:problem:password"
    body = {"current": drawn, "wanted": PASSWORD}
    assert (await client.put("/session/password", json=body)).status_code == 204
    assert (await sign_in(house, "dina", drawn)).status_code == 401
    own = await browser(house, "dina", PASSWORD)
    assert (await own.get("/session")).json()["must_change_password"] is False
    assert (await own.get("/patients")).status_code == 200
    shown = (await admin.get("/accounts/dina")).json()
    assert (shown["one_time_password_until"], shown["signs_in_by"]) == (None, ["password"])
    # It was told once, and stands nowhere.
    row = await house.clinic.row("SELECT string_agg(a::text, ' ') FROM accounts a")
    assert drawn not in row[0]
    assert "password_hash" not in (await admin.get("/accounts")).text


async def test_a_one_time_password_is_over_after_a_while(
    house: House, admin: httpx.AsyncClient
) -> None:
    drawn = (await admin.post("/accounts", json=DINA)).json()["one_time_password"]
    house.clinic.clock.advance(ONE_TIME.total_seconds() - 60)
    assert (await sign_in(house, "dina", drawn)).status_code == 200
    house.clinic.clock.advance(120)
    assert (await sign_in(house, "dina", drawn)).status_code == 401
    row = await house.clinic.row(
        "SELECT body->>'reason' FROM audit_events WHERE kind = 'sign-in' "
        "ORDER BY recorded_at DESC LIMIT 1"
    )
    assert row[0] == "expired"


async def test_a_reset_signs_out_and_is_on_record(house: House, admin: httpx.AsyncClient) -> None:
    await house.api.account("anna", Role.RECEPTION)
    anna, _ = await house.api.signed_in("anna")
    reset = await admin.post("/accounts/anna/one-time-password")
    assert reset.status_code == 200
    assert (await anna.get("/session")).status_code == 401
    assert (await sign_in(house, "anna", PASSWORD)).status_code == 401
    row = await house.clinic.row(
        "SELECT actor, body->>'detail' FROM audit_events WHERE kind = 'account-change' "
        "ORDER BY recorded_at DESC LIMIT 1"
    )
    assert (row[0], json.loads(row[1])["changed"]) == ("boss", "one-time password")


async def test_roles_and_cameras_are_changed_and_sessions_end(
    house: House, admin: httpx.AsyncClient
) -> None:
    await house.api.account("anna", Role.RECEPTION, cameras=[])
    anna, _ = await house.api.signed_in("anna")
    body = {"roles": ["practitioner"], "practitioner_refs": ["D-7"]}
    changed = await admin.put("/accounts/anna/roles", json=body)
    assert (changed.json()["roles"], changed.json()["practitioner_refs"]) == (
        ["practitioner"],
        ["D-7"],
    )
    assert (await anna.get("/session")).status_code == 401
    kept = await admin.put("/accounts/anna/roles", json={"roles": ["reception", "reception"]})
    assert (kept.json()["roles"], kept.json()["practitioner_refs"]) == (["reception"], ["D-7"])
    granted = await admin.put("/accounts/anna/cameras", json={"cameras": None})
    assert granted.json()["cameras"] is None
    assert (await admin.put("/accounts/anna/cameras", json={})).status_code == 422
    mixed = await admin.put("/accounts/anna/roles", json={"roles": ["insurer", "head"]})
    assert (mixed.status_code, "insurer" in mixed.json()["detail"]) == (422, True)
    await house.api.signed_in("anna")
    ended = await admin.delete("/accounts/anna/sessions")
    assert ended.json() == {"account": "anna", "ended": 1}
    off = await admin.post("/accounts/anna/disable")
    assert off.json()["disabled_at"] is not None
    assert (await sign_in(house, "anna", PASSWORD)).status_code == 401
    assert (await admin.post("/accounts/anna/enable")).json()["disabled_at"] is None
    assert (await admin.post("/accounts/nobody/enable")).status_code == 404
    double = await admin.post("/accounts", json=DINA | {"account": "anna"})
    assert double.status_code == 422


async def test_nobody_changes_their_own_rights(house: House, admin: httpx.AsyncClient) -> None:
    for method, path, body in (
        ("PUT", "roles", {"roles": ["admin", "reception"]}),
        ("PUT", "cameras", {"cameras": None}),
        ("POST", "disable", None),
        ("POST", "one-time-password", None),
    ):
        answer = await admin.request(method, f"/accounts/boss/{path}", json=body)
        assert (answer.status_code, answer.json()["type"]) == (
            409,
            "urn:kirdi:problem:own-account",
        )
    assert (await admin.get("/accounts/boss")).json()["roles"] == ["admin"]


async def test_the_last_admin_who_can_sign_in_stays(house: House, admin: httpx.AsyncClient) -> None:
    # A program's account administers, too, and nobody can sign in as it.
    await admin.post("/accounts", json={"account": "robot", "roles": ["admin"], "password": False})
    robot = await house.api.client(await house.api.token("robot"))
    for answer in (
        await robot.post("/accounts/boss/disable"),
        await robot.put("/accounts/boss/roles", json={"roles": ["head"]}),
    ):
        assert (answer.status_code, "last admin" in answer.json()["detail"]) == (422, True)
    # One whose one-time password is over can't either.
    await admin.post("/accounts", json={"account": "vera", "roles": ["admin"]})
    house.clinic.clock.advance((ONE_TIME - timedelta(days=1)).total_seconds())
    assert (await robot.post("/accounts/boss/disable")).status_code in (200, 401)


async def test_two_admins_who_end_each_other_at_once_leave_one(house: House) -> None:
    now = house.clinic.clock.now()
    await house.api.account("anna", Role.ADMIN)
    await house.api.account("bela", Role.ADMIN)
    accounts = house.api.backend.accounts
    done = await asyncio.gather(
        *(accounts.disable(name, SERVICE, now, keep_admin=True) for name in ("anna", "bela")),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Exception) for one in done) == 1
    left = await house.clinic.row("SELECT count(*) FROM accounts WHERE disabled_at IS NULL")
    assert left[0] == 1


async def test_tokens_are_for_programs_and_for_oneself(
    house: House, admin: httpx.AsyncClient
) -> None:
    await house.api.account("anna", Role.RECEPTION)
    wanted = {"account": "bridge", "name": "bridge", "scopes": ["check-ins:read"], "days": 30}
    assert (await admin.post("/tokens", json=wanted)).status_code == 404
    await admin.post("/accounts", json={"account": "bridge", "roles": ["head"], "password": False})
    headers = {"Idempotency-Key": "t1"}
    made = await admin.post("/tokens", json=wanted, headers=headers)
    assert made.status_code == 201, made.text
    again = await admin.post("/tokens", json=wanted, headers=headers)
    assert again.json() == made.json()
    program = await house.api.client(made.json()["token"])
    assert (await program.get("/check-ins")).status_code == 200
    assert (await program.get("/patients")).status_code == 403
    # What somebody else does must be theirs on record.
    theirs = await admin.post("/tokens", json=wanted | {"account": "anna"})
    assert (theirs.status_code, theirs.json()["type"]) == (409, "urn:kirdi:problem:refused")
    own = wanted | {"account": "boss", "scopes": ["accounts:read"]}
    assert (await admin.post("/tokens", json=own)).status_code == 201
    (row,) = (await admin.get("/tokens?account=bridge")).json()["items"]
    assert (row["state"], row["created_by"], "token" in row) == ("in-force", "boss", False)
    gone = await admin.delete(f"/tokens/{row['token_id']}")
    assert gone.json()["state"] == "revoked"
    assert (await program.get("/check-ins")).status_code == 401
    assert (await admin.delete(f"/tokens/{row['token_id']}")).status_code == 200
    unknown = "00000000-0000-4000-8000-000000000000"
    assert (await admin.delete(f"/tokens/{unknown}")).status_code == 404
    assert (await admin.post("/tokens", json=wanted | {"scopes": ["all"]})).status_code == 422
