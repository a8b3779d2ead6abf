"""What is told to whoever sends a body that cannot be read."""

import json
from typing import Annotated, Any

import httpx
import pytest
from pydantic import BaseModel

from streamer.domain.role import Role
from streamer.web.application import create_application
from streamer.web.permissions import Permission
from streamer.web.ports import WebParts
from streamer.web.principal import Principal
from streamer.web.require import require
from streamer.web.router import router
from tests.fakes.clock import FakeClock
from tests.fakes.entrance import entrance
from tests.fakes.identities import FakeIdentities
from tests.integration.storage.clinic import NOW

JSON = {"Content-Type": "application/json"}


class Wanted(BaseModel):
    """One number."""

    number: int


async def answer(content: bytes, headers: dict[str, str], method: str = "POST") -> httpx.Response:
    identities, counted = FakeIdentities(), router("/counted", "test")

    @counted.post("")
    async def count(
        _who: Annotated[Principal, require(Permission.AUDIT_READ)], wanted: Wanted
    ) -> int:
        return wanted.number

    application = create_application(WebParts("s1", FakeClock(NOW), entrance(identities)))
    application.include_router(counted, max_body_size=100)
    transport = httpx.ASGITransport(application)
    bearer = {"Authorization": f"Bearer {identities.add(Role.AUDITOR)}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.request(method, "/counted", content=content, headers=bearer | headers)


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8"])
async def test_json_is_read(kind: str) -> None:
    assert (await answer(b'{"number": 7}', {"Content-Type": kind})).json() == 7


@pytest.mark.parametrize(
    ("content", "headers", "status", "word", "said"),
    [
        (b'{"number": geheim', JSON, 400, "json", "at character 11"),
        (b"{'number': 1}", JSON, 400, "json", "at character 1"),
        (b"\xff\xfe\xfd", JSON, 400, "bad-request", "UTF-8"),
        (b'{"number": 7}', {"Content-Type": "text/plain"}, 415, "unsupported-media-type", "JSON"),
        (b"number=7", {}, 415, "unsupported-media-type", "application/json"),
        (
            b"number=7",
            {"Content-Type": "application/x-www-form-urlencoded"},
            415,
            "unsupported-media-type",
            "application/json",
        ),
        (b"", {}, 422, "invalid", "as the API describes"),
        (b'{"number": "geheim"}', JSON, 422, "invalid", "as the API describes"),
        (b'{"number": 7' + b" " * 200 + b"}", JSON, 413, "too-large", "too large"),
    ],
)
async def test_what_is_no_json_is_said(
    content: bytes, headers: dict[str, str], status: int, word: str, said: str
) -> None:
    got = await answer(content, headers)
    body: dict[str, Any] = json.loads(got.content)
    assert (got.status_code, body["type"]) == (status, f"urn:kirdi:problem:{word}")
    assert said in body["detail"]
    assert "geheim" not in got.text


async def test_another_method_is_said() -> None:
    got = await answer(b"", {}, "DELETE")
    assert (got.status_code, got.headers["allow"]) == (405, "POST")
    assert "another method" in got.json()["detail"]
