"""What a patient may ask for, and what a breach asks for, through the API."""

import json
from datetime import timedelta

import httpx
import pytest

from streamer.domain.role import Role
from tests.integration.storage.clinic import booking, patient
from tests.integration.web.house import House


@pytest.fixture
async def officer(house: House) -> httpx.AsyncClient:
    await house.clinic.import_patients(patient(1), patient(2))
    await house.clinic.import_bookings(booking(1))
    return await house.as_role(Role.DPO, account="dpo")


async def test_everything_held_of_a_patient_is_given_out_and_on_record(
    house: House, officer: httpx.AsyncClient
) -> None:
    answer = await officer.get("/rights/export?patient_ref=P-1")
    assert answer.status_code == 200, answer.text
    file = json.loads(answer.content)
    assert file["profile"]["patient_ref"] == "P-1"
    assert [one["appointment_ref"] for one in file["appointments"]] == ["A-1"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == 'attachment; filename="patient.json"'
    assert await house.audited("export") == 1
    pdf = await officer.get("/rights/export?patient_ref=P-1&format=pdf&language=ru")
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert (await officer.get("/rights/export?patient_ref=P-9")).status_code == 404
    reception = await house.as_role(Role.RECEPTION)
    assert (await reception.get("/rights/export?patient_ref=P-1")).status_code == 403


async def test_an_erasure_wants_the_reference_twice_and_is_done_once(
    house: House, officer: httpx.AsyncClient
) -> None:
    wanted = {"patient_ref": "P-1", "reason": "2026-114", "confirm": "P-2"}
    unsure = await officer.post("/rights/erasures", json=wanted)
    assert (unsure.status_code, unsure.json()["type"]) == (422, "urn:kirdi:problem:not-confirmed")
    telling = wanted | {"confirm": "P-1", "reason": "Aigul asked 1"}
    refused = await officer.post("/rights/erasures", json=telling)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:kirdi:problem:input")
    assert "Aigul" not in refused.text
    headers = {"Idempotency-Key": "e1"}
    body = wanted | {"confirm": "P-1"}
    done = await officer.post("/rights/erasures", json=body, headers=headers)
    assert done.status_code == 201, done.text
    receipt = done.json()["receipt"]
    assert receipt["patient_ref"] == f"erased-{done.json()['patient_id']}"
    again = await officer.post("/rights/erasures", json=body, headers=headers)
    assert again.json() == done.json()
    assert (await officer.get("/rights/export?patient_ref=P-1")).status_code == 404
    gone = await officer.post("/rights/erasures", json=body)
    assert gone.status_code == 404
    receipts = await officer.get("/receipts")
    assert [(one["reason"], one["patient_ref"]) for one in receipts.json()["items"]] == [
        ("erasure", receipt["patient_ref"])
    ]
    reception = await house.as_role(Role.RECEPTION)
    assert (await reception.get("/patients/P-1")).status_code == 404
    assert (await reception.get("/patients/P-2")).status_code == 200


async def test_an_incident_names_nobody(house: House, officer: httpx.AsyncClient) -> None:
    now = house.clinic.clock.now()
    over = now + timedelta(minutes=1)
    times = {"from": (now - timedelta(hours=3)).isoformat(), "to": over.isoformat()}
    answer = await officer.get("/incidents/report", params=times)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["affected"], said["what"]) == (2, ["keys", "database"])
    assert said["notice_due_at"] > said["found_at"]
    assert "Full Name" not in answer.text
    assert "P-1" not in answer.text
    assert await house.audited("incident-report") == 1
    for wrong in (
        times | {"to": times["from"]},
        times | {"what": "account"},
        times | {"camera": "lobby-1"},
        times | {"found": (now + timedelta(hours=1)).isoformat()},
        {"from": times["from"]},
        times | {"from": "soon"},
    ):
        assert (await officer.get("/incidents/report", params=wrong)).status_code == 422
    seen = times | {"what": ["camera", "account"], "camera": "lobby-1", "account": "boss"}
    assert (await officer.get("/incidents/report", params=seen)).json()["affected"] == 0
