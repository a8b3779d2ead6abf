"""What clients are told, and what they are not."""

import json

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from streamer.errors import (
    DatabaseError,
    InputError,
    KirdiError,
    OutsideError,
    UnsentError,
    VaultError,
)
from streamer.web.errors import install, problem_of
from streamer.web.require import PUBLIC
from streamer.web.router import router


class Body(BaseModel):
    number: int


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (InputError("patient P-1: there is none"), 422, "input"),
        (KirdiError("it waits"), 409, "refused"),
        (DatabaseError("database x at 10.0.0.9: is away"), 503, "database"),
        (VaultError("the key /srv/kirdi/kek is lost"), 503, "vault"),
        (OutsideError("https://sms.example says no"), 502, "outside"),
        (UnsentError("issue another", command="https://sms.example says no"), 502, "outside"),
    ],
)
def test_our_errors_are_problems(error: KirdiError, status: int, kind: str) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.kind) == (status, kind)
    # What the installation is made of is the log's.
    assert ("10.0.0.9" in problem.detail, "/srv" in problem.detail) == (False, False)


async def answered(path: str, body: str = "{}") -> httpx.Response:
    application, broken = FastAPI(), router("/broken", "test")

    @broken.post("/bug", dependencies=[PUBLIC])
    async def bug() -> None:
        raise RuntimeError("Anna Ahmetova, 900101300123")

    @broken.post("/body", dependencies=[PUBLIC])
    async def body_of(body: Body) -> None: ...

    application.include_router(broken)
    install(application)
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        return await client.post(path, content=body, headers={"content-type": "application/json"})


async def test_a_fault_of_ours_says_nothing_of_its_own(
    capfd: pytest.CaptureFixture[str],
) -> None:
    answer = await answered("/broken/bug")
    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:kirdi:problem:fault"
    written = capfd.readouterr()
    assert "Ahmetova" not in answer.text + written.out + written.err
    # But the log says where, and which of them it was.
    assert "test_problem.py" in written.out + written.err
    assert answer.json()["fault"] in written.out + written.err


@pytest.mark.parametrize("body", ['{"number": "900101300123x"}', "900101300123", "{"])
async def test_what_was_sent_is_not_sent_back(body: str) -> None:
    answer = await answered("/broken/body", body)
    assert answer.status_code == (400 if body == "{" else 422)
    assert body == "{" or answer.json()["errors"]
    assert "900101300123" not in json.dumps(answer.json())
