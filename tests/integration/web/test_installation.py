"""What those see who run the installation: state, settings, jobs, a camera's day."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.domain.role import Role
from tests.integration.web.house import House


@pytest.fixture
async def admin(house: House) -> httpx.AsyncClient:
    return await house.as_role(Role.ADMIN, account="boss")


async def test_the_service_says_what_recognises_faces(house: House) -> None:
    client = await house.as_role(Role.HEAD)
    said = (await client.get("/service")).json()
    assert said["recognition"]["device"] == "cpu"
    assert said["recognition"]["mode"] == "lane"
    assert (said["time_zone"], said["buildings"]) == ("Asia/Almaty", ["main"])
    assert (await client.get("/service/installation")).status_code == 403


async def test_the_installation_says_how_it_fares(admin: httpx.AsyncClient) -> None:
    answer = await admin.get("/service/installation")
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["versions"]["postgresql"][:2].isdigit()
    assert said["versions"]["redis"] is None
    assert said["cache"] == "none"
    assert 0 < said["home"]["free_bytes"] <= said["home"]["total_bytes"]
    assert said["queues"] == {"check_ins": 0, "reviews": 0}
    assert said["keys"]["rotation"] == "none"
    assert [one["job"] for one in said["jobs"]] == ["retention", "report-revisions"]
    # The test's clock stands still somewhere else: the difference is what is told.
    assert isinstance(said["database_ahead_s"], float)


async def test_settings_are_told_without_secrets(
    house: House, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = await house.as_role(Role.OPERATOR)
    await operator.post(
        "/cameras", json={"camera_id": "back-1", "url": "rtsp://viewer:geheim@10.0.0.9/2"}
    )
    monkeypatch.setenv("KIRDI_SITE__NAME", "Polyclinic")
    answers = [await admin.get("/settings?limit=200")]
    while (cursor := answers[-1].json()["next"]) is not None:
        answers.append(await admin.get(f"/settings?limit=200&cursor={cursor}"))
    assert all("geheim" not in one.text and "10.0.0" not in one.text for one in answers)
    found = {one["key"]: one for answer in answers for one in answer.json()["items"]}
    assert found["site.id"]["source"] == "file"
    assert found["site.name"]["source"] == "environment"
    assert (found["match.accept_fpir"]["value"], found["match.accept_fpir"]["source"]) == (
        0.001,
        "default",
    )
    assert found["match.accept_fpir"]["description"]
    url = found["cameras[back-1].url"]
    assert (url["value"], url["secret"], url["given"], url["source"]) == (None, True, True, "added")
    assert found["database.url"]["given"] is False
    part = (await admin.get("/settings?section=match.")).json()["items"]
    assert {one["key"].partition(".")[0] for one in part} == {"match"}
    assert (await operator.get("/settings")).status_code == 403


async def test_a_job_is_done_when_asked_for_and_who_asked_is_on_record(
    house: House, admin: httpx.AsyncClient
) -> None:
    job, remade = (await admin.get("/jobs")).json()["items"]
    assert (remade["job"], remade["cron"]) == ("report-revisions", "30 4 * * *")
    assert (job["job"], job["last"], job["asked_for"]) == ("retention", None, None)
    asked = await admin.post("/jobs/retention/runs", json={})
    assert asked.status_code == 202, asked.text
    period = asked.json()["period"]
    job, remade = (await admin.get("/jobs")).json()["items"]
    assert (remade["job"], remade["cron"]) == ("report-revisions", "30 4 * * *")
    assert job["asked_for"] == period
    # Asked for twice it is done once; another period has to wait.
    assert (await admin.post("/jobs/retention/runs", json={})).status_code == 202
    before = house.clinic.clock.now() - timedelta(days=2)
    other = await admin.post("/jobs/retention/runs", json={"period": before.date().isoformat()})
    assert (other.status_code, other.json()["type"]) == (409, "urn:kirdi:problem:refused")
    assert await house.audited("job-run") == 3
    assert (await admin.post("/jobs/none-1/runs", json={})).status_code == 404
    never = await admin.post("/jobs/retention/runs", json={"period": "1999-01-01"})
    assert never.status_code == 422
    stop = asyncio.Event()
    running = asyncio.create_task(house.jobs.run(stop))
    try:
        for _ in range(400):
            runs = (await admin.get("/jobs/runs?job=retention")).json()["items"]
            job, _ = (await admin.get("/jobs")).json()["items"]
            if runs and job["asked_for"] is None:
                break
            await asyncio.sleep(0.05)
    finally:
        stop.set()
        await running
    assert (runs[0]["job"], runs[0]["period"]) == ("retention", period)
    auditor = await house.as_role(Role.AUDITOR)
    assert (await auditor.post("/jobs/retention/runs", json={})).status_code == 403


async def test_a_cameras_day_is_cut_to_the_day(house: House) -> None:
    client = await house.as_role(Role.OPERATOR, cameras=["lobby-1"])
    uptime, clock = house.api.backend.uptime, house.clinic.clock
    began = clock.now() - timedelta(hours=2)
    await uptime.record(CameraState("lobby-1", CameraStatus.STREAMING, "", began))
    down = CameraState("lobby-1", CameraStatus.DOWN, "refused", began + timedelta(hours=1))
    await uptime.record(down)
    await uptime.heartbeat(clock.now())
    said = (await client.get("/cameras/lobby-1/uptime")).json()
    assert [(one["status"], one["reason"]) for one in said["intervals"]] == [
        ("streaming", ""),
        ("down", "refused"),
    ]
    assert (said["seconds"]["streaming"], said["seconds"]["down"]) == (3600.0, 3600.0)
    assert said["unwatched_s"] > 0
    yesterday = (clock.now() - timedelta(days=1)).date().isoformat()
    empty = (await client.get(f"/cameras/lobby-1/uptime?date={yesterday}")).json()
    assert (empty["intervals"], empty["unwatched_s"]) == ([], 86400.0)
    tomorrow = (clock.now() + timedelta(days=2)).date().isoformat()
    ahead = (await client.get(f"/cameras/lobby-1/uptime?date={tomorrow}")).json()
    assert (ahead["intervals"], ahead["unwatched_s"]) == ([], 0.0)
    assert (await client.get("/cameras/desk-1/uptime")).status_code == 404
