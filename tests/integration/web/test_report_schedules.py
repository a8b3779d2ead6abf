"""Schedules of reports over the API: added, changed, paused, removed, by whom they may be."""

import httpx
import pytest

from streamer.domain.role import Role
from tests.integration.web.house import House

WANTED = {"id": "head", "kind": "week", "cron": "30 6 * * mon", "forms": ["pdf"], "language": "kk"}


@pytest.fixture
async def head(house: House) -> httpx.AsyncClient:
    return await house.as_role(Role.HEAD, account="dina")


async def test_one_is_added_changed_paused_and_removed(
    house: House, head: httpx.AsyncClient
) -> None:
    made = await head.post("/report-schedules", json=WANTED)
    assert made.status_code == 201, made.text
    said = made.json()
    assert (said["source"], said["changed_by"], said["runs"]) == ("console", "dina", True)
    assert said["next_due_at"] is not None
    assert said["last"] is None
    await house.jobs.refresh()
    assert "report-head" in {one.name for one in house.jobs.jobs}
    changed = await head.patch("/report-schedules/head", json={"paused": True})
    assert changed.json() == said | {"paused": True, "runs": False, "next_due_at": None} | {
        "changed_at": changed.json()["changed_at"]
    }
    (listed,) = (await head.get("/report-schedules")).json()["items"]
    assert listed == changed.json()
    assert (await head.delete("/report-schedules/head")).json() == {"id": "head"}
    assert (await head.get("/report-schedules")).json()["items"] == []
    for answer in (
        await head.delete("/report-schedules/head"),
        await head.patch("/report-schedules/head", json={"paused": False}),
    ):
        assert answer.status_code == 404
    again = await head.post("/report-schedules", json=WANTED)
    assert (again.status_code, again.json()["code"]) == (422, "schedule_taken")
    assert await house.audited("settings-change") == 3


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"cron": "30 6 31 2 *"}, "schedule_wrong"),
        ({"cron": "* * * * *"}, "schedule_wrong"),
        ({"to": ["elsewhere"]}, "destination_unknown"),
    ],
)
async def test_what_cannot_be_used_is_refused(
    head: httpx.AsyncClient, wrong: dict[str, object], code: str
) -> None:
    answer = await head.post("/report-schedules", json=WANTED | wrong)
    assert (answer.status_code, answer.json().get("code")) == (422, code), answer.text
    # An address is nothing that the console could give.
    answer = await head.post("/report-schedules", json=WANTED | {"email": "me@example.org"})
    assert answer.status_code == 422
    assert (await head.get("/report-schedules")).json()["items"] == []


async def test_nobody_else_may(house: House) -> None:
    for role in set(Role) - {Role.HEAD, Role.ADMIN}:
        refs = ["D-1"] if role is Role.PRACTITIONER else []
        client = await house.as_role(role, account=f"a-{role}", practitioner_refs=refs)
        for answer in (
            await client.get("/report-schedules"),
            await client.post("/report-schedules", json=WANTED),
            await client.patch("/report-schedules/head", json={"paused": True}),
            await client.delete("/report-schedules/head"),
        ):
            assert answer.status_code == 403, role
