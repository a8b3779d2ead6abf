"""The API as an administrator sets it up: by the command line, then over the network."""

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.acceptance.kirdi import Kirdi

PASSWORD = "four cats on a warm roof"


def ask(url: str, method: str = "GET", body: object = None, **headers: str) -> tuple[int, object]:
    """Status and JSON of an answer."""
    data = None if body is None else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data, named, method=method)
    if data is not None:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.long
def test_accounts_tokens_and_the_service(kirdi: Kirdi, tmp_path: Path) -> None:
    assert kirdi("users", "list").out.startswith("There are no accounts")
    for words, bad in (
        ("shorter", "brief"),
        ("tried first", "Password1234"),
        ("name", "bossboss1234"),
    ):
        result = kirdi("users", "add", "boss", "--role", "admin", stdin=f"{bad}\n")
        assert (result.code, words in result.err) == (4, True), result.err
        assert bad not in result.err
    added = kirdi("users", "add", "Boss", "--role", "admin", stdin=f"{PASSWORD}\n")
    assert added.code == 0, added.err
    assert kirdi("users", "add", "boss", "--role", "head", "--no-password").code == 4
    assert kirdi("users", "add", "x", "--role", "root", "--no-password").code == 4
    assert kirdi("users", "add", "../x", "--role", "head", "--no-password").code == 4
    kirdi.ok("users", "add", "desk", "--role", "reception", "--cameras", "lobby-1", "--no-password")
    rows = {row["account"]: row for row in kirdi.ok("users", "list")}
    assert (rows["boss"]["cameras"], rows["desk"]["cameras"]) == (None, ["lobby-1"])
    assert (rows["boss"]["signs_in_by"], rows["desk"]["signs_in_by"]) == (["password"], [])
    assert kirdi("tokens", "create", "desk", "--scope", "everything").code == 4
    idle = kirdi("tokens", "create", "desk", "--scope", "check-ins:read,audit:read")
    assert idle.code == 4
    assert "audit:read takes the role auditor or dpo" in idle.err
    (made,) = kirdi.ok("tokens", "create", "desk", "--scope", "check-ins:read")
    token = made["token"]
    assert kirdi.ok("status")[0]["running"] is False

    with kirdi.service() as service:
        service.wait_until_logged("service ready")
        (status,) = kirdi.ok("status")
        assert status["running"] is True
        api = f"{status['url']}/api/v1"
        assert ask(f"{api}/health") == (200, {"status": "pass"})
        code, me = ask(f"{api}/session", Authorization=f"Bearer {token}")
        assert (code, me["permissions"]) == (200, ["check-ins:read"])  # type: ignore[index]
        signed_in = {"account": "boss", "password": PASSWORD}
        assert ask(f"{api}/session", "POST", signed_in)[0] == 200
        assert ask(f"{api}/session", "POST", signed_in | {"password": "a guess of mine"})[0] == 401
        assert kirdi("users", "password", "boss", stdin="seven dogs in cold rain\n").code == 0
        assert ask(f"{api}/session", "POST", signed_in)[0] == 401
        kirdi.ok("tokens", "list")
        assert kirdi("tokens", "revoke", made["token_id"]).code == 0
        assert ask(f"{api}/session", Authorization=f"Bearer {token}")[0] == 401
        assert kirdi("users", "role", "boss", "head").code == 0
        assert kirdi("users", "cameras", "boss", "none").code == 0
        assert kirdi("users", "disable", "boss").code == 0
        assert kirdi("users", "link", "boss", "x").code == 4
        log = service.log
    assert kirdi.ok("status")[0]["running"] is False
    assert not (kirdi.home / "web.json").exists()
    (boss,) = (row for row in kirdi.ok("users", "list") if row["account"] == "boss")
    assert boss["disabled"] is not None
    for secret in (PASSWORD, token, "seven dogs"):
        assert secret not in log
    database = b"".join(
        file.read_bytes() for file in (kirdi.home / "embedded").rglob("*") if file.is_file()
    )
    for secret in (PASSWORD, token, "seven dogs in cold rain", "a guess of mine"):
        assert secret.encode() not in database


@pytest.mark.long
def test_a_service_that_anybody_could_reach_does_not_start(kirdi: Kirdi) -> None:
    kirdi.extra = {"web": {"host": "0.0.0.0"}}
    result = kirdi("run")
    assert result.code != 0
    assert "certificate" in result.err
    kirdi.extra = {
        "web": {
            "host": "0.0.0.0",
            "certificate": "/nowhere/c.pem",
            "private_key": "/nowhere/k.pem",
            "public_url": "https://kirdi.clinic.example",
        }
    }
    result = kirdi("run")
    assert result.code != 0
    assert "/nowhere/c.pem" in result.err
