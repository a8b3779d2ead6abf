"""Accounts, sessions and tokens, through a real socket and a real database."""

import asyncio
from datetime import timedelta

import pytest

from streamer.domain.account import Identity, NewAccount
from streamer.domain.actor import Actor
from streamer.domain.role import Role
from streamer.errors import InputError
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import Clinic
from tests.integration.web.served import PASSWORD, ServedApi, cookies_of, keep_cookie, quick

ADMIN = Actor("root")
GOOD = {"account": "anna", "password": PASSWORD}
HOUR_S = 3600.0


@pytest.fixture(autouse=True)
async def anna(api: ServedApi) -> None:
    await api.account("anna", Role.RECEPTION)


@pytest.fixture
def clock(clinic: Clinic) -> FakeClock:
    return clinic.clock


async def kinds(clinic: Clinic) -> list[tuple[str, str, str]]:
    """What the audit holds of signing in and accounts: kind, actor, reason."""
    async with clinic.database.postgres.connection() as connection:
        rows = await connection.fetch(
            "SELECT kind, actor, coalesce(body ->> 'reason', '') AS reason FROM audit_events "
            "ORDER BY recorded_at, sequence"
        )
    return [(row["kind"], row["actor"], row["reason"]) for row in rows]


async def everything(clinic: Clinic) -> str:
    """Every value of every column of the accounts' tables, and of the audit."""
    tables = ("accounts", "web_sessions", "api_tokens", "sign_in_attempts", "sign_in_places")
    async with clinic.database.postgres.connection() as connection:
        found = [
            str(row)
            for table in (*tables, "audit_events")
            for row in await connection.fetch(f"SELECT t.*::text FROM {table} t")
        ]
    return "\n".join(found)


async def test_signing_in_gives_a_guarded_cookie_and_signing_out_ends_it(
    api: ServedApi, clinic: Clinic
) -> None:
    client = await api.client()
    answer = await client.post("/session", json=GOOD | {"account": " ANNA "})
    assert answer.status_code == 200
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-kirdi=")
    for flag in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=43200"):
        assert flag in cookie
    assert "Domain" not in cookie
    secret = keep_cookie(client, answer)

    me = (await client.get("/session")).json()
    assert (me["account"], me["via"], me["roles"]) == ("anna", "session", ["reception"])
    assert me["csrf_token"] == answer.json()["csrf_token"]

    client.headers["X-CSRF-Token"] = me["csrf_token"]
    ended = await client.delete("/session")
    assert (ended.status_code, ended.json()) == (200, {"provider_url": None})
    assert cookies_of(ended)["__Host-kirdi"] in ("", '""')
    # The cookie itself, should somebody have kept it, is good for nothing.
    assert (await client.get("/session")).status_code == 401

    done = await kinds(clinic)
    assert ("sign-in", "anna", "") in done
    assert ("sign-out", "anna", "") in done
    kept = await everything(clinic)
    assert secret not in kept
    assert PASSWORD not in kept


@pytest.mark.parametrize(
    ("given", "actor", "reason"),
    [
        (GOOD | {"password": "another password"}, "anna", "wrong"),
        ({"account": "my-pa55word", "password": PASSWORD}, "nobody", "unknown"),
    ],
)
async def test_who_there_is_nobody_learns(
    api: ServedApi, clinic: Clinic, given: dict[str, str], actor: str, reason: str
) -> None:
    client = await api.client()
    answer = await client.post("/session", json=given)
    assert answer.status_code == 401
    assert answer.json()["detail"] == "account and password do not belong together"
    assert "set-cookie" not in answer.headers
    assert ("sign-in", actor, reason) in await kinds(clinic)
    # People type passwords into the wrong field.
    assert "my-pa55word" not in await everything(clinic)


async def test_a_disabled_account_is_out_at_once(api: ServedApi, clinic: Clinic) -> None:
    client, _ = await api.signed_in("anna")
    token = await api.client(await api.token("anna"))
    assert (await token.get("/session")).status_code == 200
    await api.backend.accounts.disable("anna", ADMIN, clinic.clock.now())
    for one in (client, token):
        assert (await one.get("/session")).status_code == 401
    answer = await (await api.client()).post("/session", json=GOOD)
    assert answer.status_code == 401
    assert ("sign-in", "anna", "disabled") in await kinds(clinic)
    await api.backend.accounts.enable("anna", ADMIN, clinic.clock.now())
    # What was open stays ended.
    assert (await client.get("/session")).status_code == 401
    assert (await (await api.client()).post("/session", json=GOOD)).status_code == 200


async def test_other_roles_end_sessions_and_limit_tokens(api: ServedApi, clinic: Clinic) -> None:
    client, _ = await api.signed_in("anna")
    token = await api.client(await api.token("anna", ["patients:read", "audit:read"]))
    before = (await token.get("/session")).json()["permissions"]
    assert before == ["patients:read"]
    await api.backend.accounts.set_roles("anna", [Role.AUDITOR], ADMIN, clinic.clock.now())
    assert (await client.get("/session")).status_code == 401
    assert (await token.get("/session")).json()["permissions"] == ["audit:read"]
    assert ("account-change", "root", "") in await kinds(clinic)


async def test_a_password_is_changed_by_who_knows_it(api: ServedApi, clinic: Clinic) -> None:
    client, _ = await api.signed_in("anna")
    other, _ = await api.signed_in("anna")
    url, wanted = "/session/password", "seven dogs in cold rain"
    wrong = await client.put(url, json={"current": "not it at all", "wanted": wanted})
    assert wrong.status_code == 403
    weak = await client.put(url, json={"current": PASSWORD, "wanted": "Password1234"})
    assert (weak.status_code, weak.json()["type"]) == (422, "urn:kirdi:problem:password")
    done = await client.put(url, json={"current": PASSWORD, "wanted": wanted})
    assert done.status_code == 204
    for one in (client, other):
        assert (await one.get("/session")).status_code == 401
    nobody = await api.client()
    assert (await nobody.post("/session", json=GOOD)).status_code == 401
    assert (await nobody.post("/session", json=GOOD | {"password": wanted})).status_code == 200
    # A token, should it be stolen, changes nobody's password.
    token = await api.client(await api.token("anna"))
    change = {"current": wanted, "wanted": PASSWORD}
    assert (await token.put(url, json=change)).status_code == 403


async def test_sessions_end_by_themselves(api: ServedApi, clock: FakeClock) -> None:
    idle, _ = await api.signed_in("anna")
    clock.advance(29 * 60)
    assert (await idle.get("/session")).status_code == 200
    clock.advance(29 * 60)
    assert (await idle.get("/session")).status_code == 200
    clock.advance(31 * 60)
    assert (await idle.get("/session")).status_code == 401

    busy, _ = await api.signed_in("anna")
    for _ in range(2 * 12 - 1):
        clock.advance(HOUR_S / 2)
        await busy.get("/session")
        assert (await busy.get("/session")).status_code in (200, 401)
    clock.advance(1.0)
    # Twelve hours after the sign-in, however busy.
    clock.advance(HOUR_S / 2)
    assert (await busy.get("/session")).status_code == 401


async def test_housekeeping_leaves_no_session_that_is_over(
    api: ServedApi, clock: FakeClock, clinic: Clinic
) -> None:
    sessions = api.backend.web_sessions
    await api.account("dana", Role.RECEPTION)
    await api.signed_in("anna")
    clock.advance(20 * 60)
    await api.signed_in("dana")
    await sessions.forget(clock.now())
    assert await clinic.count("web_sessions") == 2
    clock.advance(15 * 60)
    await sessions.forget(clock.now())
    assert await clinic.count("web_sessions") == 1
    clock.advance(15 * 60)
    await sessions.forget(clock.now())
    assert await clinic.count("web_sessions") == 0


async def test_signing_in_again_draws_another_secret(api: ServedApi) -> None:
    client, first = await api.signed_in("anna")
    again = await client.post("/session", json=GOOD)
    assert again.status_code == 200
    assert cookies_of(again)["__Host-kirdi"] != first
    # The former one ended with it.
    assert (await client.get("/session")).status_code == 401


async def test_ten_sessions_of_one_account_at_most(api: ServedApi, clock: FakeClock) -> None:
    clients = []
    for _ in range(12):
        clients.append((await api.signed_in("anna"))[0])
        clock.advance(1.0)
    states = [(await one.get("/session")).status_code for one in clients]
    assert states == [401, 401] + [200] * 10


async def test_old_parameters_are_renewed_at_the_next_sign_in(api: ServedApi) -> None:
    other = type(quick(api.backend))(
        api.backend.database.web_secrets.pepper, time_cost=2, memory_kib=16
    )
    now = api.backend.clock.now()
    await api.backend.accounts.set_password("anna", other.hash(PASSWORD), ADMIN, now)
    await api.signed_in("anna")
    account = await api.backend.accounts.find("anna")
    assert account is not None
    assert "m=8,t=1" in str(account.password_hash)


async def test_tokens_expire_are_revoked_and_say_when_they_were_used(
    api: ServedApi, clock: FakeClock, clinic: Clinic
) -> None:
    tokens, day = api.backend.tokens, timedelta(days=1)
    token_id, token = await tokens.create(
        "anna", "bridge", ["check-ins:read"], day, ADMIN, clock.now()
    )
    client = await api.client(token)
    assert (await client.get("/session")).json()["permissions"] == ["check-ins:read"]
    (row,) = await tokens.listed("anna")
    assert (row.name, row.scopes, row.last_used_at) == (
        "bridge",
        ("check-ins:read",),
        clock.now(),
    )
    assert token not in await everything(clinic)
    await tokens.revoke(token_id, ADMIN, clock.now())
    assert (await client.get("/session")).status_code == 401
    with pytest.raises(InputError, match="none in force"):
        await tokens.revoke(token_id, ADMIN, clock.now())
    late = await api.client(await api.token("anna"))
    clock.advance(24 * HOUR_S)
    assert (await late.get("/session")).status_code == 401
    with pytest.raises(InputError, match="bertha"):
        await tokens.create("bertha", "x", ["check-ins:read"], day, ADMIN, clock.now())


async def test_counts_and_known_places_are_not_kept(
    api: ServedApi, clock: FakeClock, clinic: Clinic
) -> None:
    await api.signed_in("anna")
    attempts = api.backend.sign_in_attempts
    await attempts.begin("anna", "192.0.2.7", clock.now())
    stored = "SELECT (SELECT count(*) FROM sign_in_attempts), count(*) FROM sign_in_places"
    failures, places = await clinic.row(stored)
    assert failures > 0
    assert places == 1
    await attempts.forget(clock.now() + timedelta(days=2))
    assert await clinic.row(stored) == (0, 1)
    await attempts.forget(clock.now() + timedelta(days=31))
    assert await clinic.row(stored) == (0, 0)


async def test_a_token_takes_no_cookie_along(api: ServedApi) -> None:
    client, _ = await api.signed_in("anna")
    client.headers["Authorization"] = "Bearer kirdi_guessed"
    assert (await client.get("/session")).status_code == 401
    client.headers["Authorization"] = "Basic YW5uYTp4"
    assert (await client.get("/session")).status_code == 401


async def test_what_is_denied_is_on_record(api: ServedApi, clinic: Clinic) -> None:
    now = clinic.clock.now()
    await api.backend.denials.denied("aud", "GET /patients/{ref}", now)
    async with clinic.database.postgres.connection() as connection:
        (row,) = await connection.fetch("SELECT * FROM audit_events WHERE kind = 'access-denied'")
    assert row["actor"] == "aud"
    assert "/patients/{ref}" in row["body"]


async def test_accounts_are_what_they_are_told_to_be(api: ServedApi, clinic: Clinic) -> None:
    accounts, now = api.backend.accounts, clinic.clock.now()
    with pytest.raises(InputError, match="of that name"):
        await accounts.add(NewAccount("anna", (Role.HEAD,)), ADMIN, now)
    with pytest.raises(InputError, match="goes with no other"):
        await accounts.set_roles("anna", [Role.INSURER, Role.HEAD], ADMIN, now)
    with pytest.raises(InputError, match="there is none"):
        await accounts.set_roles("bertha", [Role.HEAD], ADMIN, now)
    await accounts.set_cameras("anna", ["lobby-1"], ADMIN, now)
    client = await api.client(await api.token("anna"))
    assert (await client.get("/session")).json()["cameras"] == ["lobby-1"]
    one = Identity("https://login.example", "42")
    await accounts.link("anna", one, ADMIN, now)
    await accounts.add(NewAccount("bertha", (Role.HEAD,)), ADMIN, now)
    with pytest.raises(InputError, match="another account is this person"):
        await accounts.link("bertha", one, ADMIN, now)


async def test_two_first_sign_ins_at_the_provider_make_one_account(
    api: ServedApi, clinic: Clinic
) -> None:
    sessions, now = api.backend.web_sessions, clinic.clock.now()
    identity = Identity("https://login.example", "7")
    new = NewAccount("anna", (Role.HEAD,), identity=identity, roles_from_provider=True)
    begun = await asyncio.gather(
        *(sessions.begin_of_identity(identity, new, None, "192.0.2.1", now) for _ in range(4))
    )
    names = {one[1] for one in begun if one is not None}
    assert len(names) == 1
    # Nobody becomes a local account by being called like it.
    assert names != {"anna"}
    assert len(await api.backend.accounts.listed()) == 2
