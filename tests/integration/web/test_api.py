"""Through a real socket: what every route has in common."""

from streamer.domain.role import Role
from tests.integration.web.served import ServedApi


async def test_health_is_for_everybody(api: ServedApi) -> None:
    client = await api.client()
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "pass"})
    assert "server" not in answer.headers


async def test_a_token_says_who_asks(api: ServedApi) -> None:
    client = await api.as_role(Role.PRACTITIONER, account="dr", practitioner_refs=["D-1"])
    answer = await client.get("/session")
    assert answer.status_code == 200
    assert answer.json()["account"] == "dr"
    assert answer.json()["practitioner_refs"] == ["D-1"]


async def test_nobody_is_told_what_to_do_as_a_problem(api: ServedApi) -> None:
    for token in (None, "guessed"):
        client = await api.client(token)
        answer = await client.get("/session")
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["type"] == "urn:kirdi:problem:unauthenticated"


async def test_the_description_is_for_those_who_are_signed_in(api: ServedApi) -> None:
    nobody, somebody = await api.client(), await api.as_role(Role.AUDITOR)
    assert (await nobody.get("/openapi.json")).status_code == 401
    document = (await somebody.get("/openapi.json")).json()
    assert "/api/v1/session" in document["paths"]


async def test_what_is_not_there_is_a_problem_too(api: ServedApi) -> None:
    client = await api.as_role(Role.ADMIN)
    answer = await client.get("/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
