"""What somebody outside tries: guessing, fixation, other sites' pages, false proxies, paths.

Each ends with nothing. Slow and oversized requests are in `test_server`, a provider in `test_oidc`.
"""

import asyncio
import json

import pytest

from config.settings import Web
from streamer.domain.role import Role
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import Clinic
from tests.integration.web.conftest import Serve, settings_of
from tests.integration.web.served import PASSWORD, ServedApi, cookies_of

GOOD = {"account": "anna", "password": PASSWORD}
WRONG = {"account": "anna", "password": "a guess, one of many"}


@pytest.fixture(autouse=True)
async def anna(api: ServedApi) -> None:
    await api.account("anna", Role.RECEPTION)


@pytest.fixture
def clock(clinic: Clinic) -> FakeClock:
    return clinic.clock


async def test_guessing_passwords_is_slowed_and_not_for_ever(
    api: ServedApi, clock: FakeClock
) -> None:
    client = await api.client()
    statuses = [(await client.post("/session", json=WRONG)).status_code for _ in range(8)]
    # Five cost nothing, the sixth begins the wait.
    assert statuses == [401] * 6 + [429] * 2
    # While it waits not even the right one is looked at: else waiting would be no hindrance.
    right = await client.post("/session", json=GOOD)
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) == 1
    tried, waited_s = 0, 0
    while waited_s < 3600:
        answer = await client.post("/session", json=WRONG)
        tried += answer.status_code == 401
        wait_s = int(answer.headers.get("retry-after", 1))
        clock.advance(wait_s)
        waited_s += wait_s
    # An hour of trying as soon as it is allowed.
    assert tried < 16
    clock.advance(900.0)
    assert (await client.post("/session", json=GOOD)).status_code == 200
    # Nothing is held against it any more.
    assert (await client.post("/session", json=WRONG)).status_code == 401


async def test_a_hundred_guesses_at_once_are_a_hundred(api: ServedApi) -> None:
    client = await api.client()
    answers = await asyncio.gather(*(client.post("/session", json=WRONG) for _ in range(60)))
    assert sum(one.status_code == 401 for one in answers) <= 6
    assert {one.status_code for one in answers} <= {401, 429}


async def test_whether_there_is_an_account_makes_no_difference(api: ServedApi) -> None:
    client = await api.client()
    told = {}
    for name in ("anna", "nobody"):
        answers = [
            await client.post("/session", json={"account": name, "password": "some guess here"})
            for _ in range(7)
        ]
        told[name] = [(one.status_code, one.json().get("type")) for one in answers]
    assert told["anna"] == told["nobody"]


async def test_strangers_cannot_keep_somebody_out(
    serve: Serve, clock: FakeClock, clinic: Clinic
) -> None:
    web = Web(port=0, trusted_proxies=("127.0.0.1",), public_url="https://kirdi.example")
    async with serve(settings_of(web)) as api:
        client = await api.client()
        client.headers["Host"] = "kirdi.example"

        async def tried(body: dict[str, str], address: str) -> int:
            headers = {"X-Forwarded-For": address}
            return (await client.post("/session", json=body, headers=headers)).status_code

        assert await tried(GOOD, "192.0.2.1") == 200
        # A botnet, one guess an address, from everywhere.
        guesses = [await tried(WRONG, f"198.51.100.{number}") for number in range(60)]
        assert guesses.count(401) <= 21
        # Elsewhere she waits half a minute at most; where she has signed in before, not at all.
        assert await tried(GOOD, "192.0.2.1") == 200
        assert await tried(GOOD, "203.0.113.9") == 429
        clock.advance(30.0)
        assert await tried(GOOD, "203.0.113.9") == 200


async def test_guessing_tokens_and_cookies(api: ServedApi) -> None:
    client = await api.client()
    statuses = [
        (
            await client.get("/session", headers={"Authorization": f"Bearer kirdi_{n:043d}"})
        ).status_code
        for n in range(60)
    ]
    assert set(statuses) == {401, 429}
    assert statuses.count(401) < 25
    assert statuses[-1] == 429


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "bearer " + "x" * 5000,
        "Bearer null",
        "Bearer ' OR 1=1 --",
        "Bearer \xff\xfe",
        "Digest x",
    ],
)
async def test_crooked_credentials_are_nobody_s(api: ServedApi, value: str) -> None:
    client = await api.client()
    answer = await client.get("/session", headers=[(b"Authorization", value.encode("latin-1"))])
    assert answer.status_code == 401


async def test_a_session_cannot_be_planted(api: ServedApi) -> None:
    client = await api.client()
    planted = "A" * 43
    client.headers["Cookie"] = f"__Host-kirdi={planted}"
    answer = await client.post("/session", json=GOOD)
    assert answer.status_code == 200
    assert cookies_of(answer)["__Host-kirdi"] != planted
    # What the attacker planted is still nobody's.
    assert (await client.get("/session")).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"X-CSRF-Token": "guessed"}, 403),
        ({"X-CSRF-Token": ""}, 403),
        ({}, 200),
    ],
)
async def test_another_site_s_page_changes_nothing(
    api: ServedApi, headers: dict[str, str], status: int
) -> None:
    client, _ = await api.signed_in("anna")
    assert (await client.delete("/session", headers=headers)).status_code == status
    assert (await client.get("/session")).status_code == (200 if status == 403 else 401)


async def test_another_site_s_page_signs_nobody_in(api: ServedApi) -> None:
    client = await api.client()
    crossed = await client.post("/session", json=GOOD, headers={"Origin": "https://evil.example"})
    assert crossed.status_code == 403
    # What a form can send without asking first is no JSON.
    form = await client.post(
        "/session",
        content='{"account":"anna","password":"' + PASSWORD + '","x":"="}',
        headers={"Content-Type": "text/plain"},
    )
    assert form.status_code == 415
    assert "set-cookie" not in form.headers


async def test_one_session_s_token_does_not_go_with_another(api: ServedApi) -> None:
    first, _ = await api.signed_in("anna")
    second, _ = await api.signed_in("anna")
    second.headers["X-CSRF-Token"] = first.headers["X-CSRF-Token"]
    assert (await second.delete("/session")).status_code == 403


async def test_no_other_page_may_read_or_frame_it(api: ServedApi) -> None:
    client, _ = await api.signed_in("anna")
    crossed = {"Origin": "https://evil.example"}
    for answer in (
        await client.get("/session", headers=crossed),
        await client.get("/nothing", headers=crossed),
        await client.options(
            "/session", headers=crossed | {"Access-Control-Request-Method": "DELETE"}
        ),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        # There is no TLS here to insist on.
        assert "strict-transport-security" not in answer.headers
        assert "server" not in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "kirdi.example", "127.0.0.1@evil.example"]
)
async def test_another_name_for_this_server_is_refused(api: ServedApi, host: str) -> None:
    client = await api.client()
    for path in ("/health", "/session", "/nothing"):
        answer = await client.get(path, headers={"Host": host})
        assert answer.status_code == 421
        assert host not in answer.text


async def test_forwarded_headers_are_believed_of_proxies_only(
    api: ServedApi, clinic: Clinic
) -> None:
    client = await api.client()
    lies = {
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=192.0.2.1;host=evil.example;proto=https",
    }
    answer = await client.post("/session", json=GOOD, headers=lies)
    assert answer.status_code == 200
    assert "strict-transport-security" not in answer.headers
    # Each lie about who one is would be a fresh start for guessing.
    statuses = [
        (
            await client.post(
                "/session", json=WRONG, headers={"X-Forwarded-For": f"192.0.2.{number}"}
            )
        ).status_code
        for number in range(8)
    ]
    assert statuses[-1] == 429
    async with clinic.database.postgres.connection() as connection:
        addresses = await connection.fetch(
            "SELECT DISTINCT body #>> '{detail,address}' AS address FROM audit_events "
            "WHERE kind = 'sign-in'"
        )
    assert [row["address"] for row in addresses] == ["127.0.0.1"]


@pytest.mark.parametrize(
    "path",
    [
        "/../../../etc/passwd",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//evil.example/",
        "/api/v1/../../session",
        "/api/v1/session/",
        "/api/v1/session%00",
        "/api/v1/%73ession/%2e%2e/openapi.json",
        "/docs",
        "/redoc",
        "/openapi.json",
        "/static/../web.json",
    ],
)
async def test_paths_lead_nowhere(api: ServedApi, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400")), answer[:200]
    assert b"root:" not in answer
    assert b"location" not in answer.lower()


async def test_two_lengths_are_one_too_many(api: ServedApi) -> None:
    for head in (
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b" Content-Length: 5\r\n",
        b"Content-Length: -5\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        writer.write(
            b"POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\n" + head + b"\r\nhello\r\n\r\n"
        )
        answer = await asyncio.wait_for(reader.read(2000), 10)
        writer.close()
        # A folded line is part of the one before it, the Host: 421.
        # Chunked goes before a length (RFC 9112, 6.3), and "hello" is no chunk.
        assert answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 501", b"HTTP/1.1 421", b""), (
            head,
            answer[:100],
        )


@pytest.mark.parametrize(
    "body",
    [
        {"account": "anna' OR '1'='1", "password": "x"},
        {"account": "anna\0", "password": "x"},
        {"account": "anna", "password": "x" * 1025},
        {"account": {"$ne": None}, "password": "x"},
        {"account": "a" * 129, "password": "x"},
        [],
        None,
        '{"account": "\\ud800", "password": "\\udfff"}',
    ],
)
async def test_crooked_names_are_nobody_s(api: ServedApi, body: object) -> None:
    client = await api.client()
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"content-type": "application/json"}
    answer = await client.post("/session", content=text, headers=headers)
    assert answer.status_code in (401, 422)
