"""Patients and appointments written through the API, with the checks of the imports from files."""

from typing import Any

import httpx
import pytest

from streamer.domain.role import Role
from tests.integration.storage.clinic import patient
from tests.integration.web.house import House

PATIENT = {"patient_ref": "P-1", "full_name": "Aigul Geheim", "phone": "+77012345678"}
APPOINTMENT = {
    "appointment_ref": "A-1",
    "patient_ref": "P-1",
    "practitioner_ref": "D-1",
    "practitioner_name": "Dr Kim",
    "service_code": "A02",
    "service_name": "visit",
    "starts_at": "2026-11-23T10:00:00+05:00",
    "ends_at": "2026-11-23T10:20:00+05:00",
    "status": "booked",
}


@pytest.fixture
async def reception(house: House) -> httpx.AsyncClient:
    return await house.as_role(Role.RECEPTION, account="aigul")


async def test_patients_and_appointments_are_written_once_and_on_record(
    house: House, reception: httpx.AsyncClient
) -> None:
    sent = {"patients": [PATIENT, {**PATIENT, "patient_ref": "P-2"}]}
    made = await reception.post("/patients/import", json=sent)
    assert made.status_code == 200, made.text
    assert made.json() == {"created": 2, "updated": 0, "unchanged": 0, "left_out": 0}
    assert (await reception.post("/patients/import", json=sent)).json()["unchanged"] == 2
    profile = (await reception.get("/patients/P-1")).json()["profile"]
    assert profile["phone"] == "+77012345678"
    # What is left out stays, null clears.
    bare = {"patients": [{"patient_ref": "P-1", "full_name": "Aigul Geheim"}]}
    assert (await reception.post("/patients/import", json=bare)).json()["unchanged"] == 1
    none = {"patients": [PATIENT | {"phone": None}]}
    assert (await reception.post("/patients/import", json=none)).json()["updated"] == 1
    assert (await reception.get("/patients/P-1")).json()["profile"]["phone"] is None
    headers = {"Idempotency-Key": "i1"}
    day = {"appointments": [APPOINTMENT]}
    first = await reception.post("/appointments/import", json=day, headers=headers)
    assert (first.status_code, first.json()["created"]) == (200, 1)
    again = await reception.post("/appointments/import", json=day, headers=headers)
    assert again.json() == first.json()
    shown = (await reception.get("/appointments/A-1")).json()
    assert (shown["status"], shown["practitioner"]) == ("booked", "Dr Kim")
    row = await house.clinic.row(
        "SELECT count(*), min(actor), max(actor) FROM audit_events WHERE kind = 'import'"
    )
    assert tuple(row) == (5, "aigul", "aigul")


async def test_one_that_cannot_be_stops_all_and_is_named_without_its_value(
    house: House, reception: httpx.AsyncClient
) -> None:
    for bad, said in (
        ({"patient_ref": "P-2", "full_name": "Geheim", "phone": "geheim"}, "patients[1].phone"),
        (PATIENT, "patients[1].patient_ref: stands there twice"),
        (PATIENT | {"patient_ref": "P-2", "phone": "x", "payer": "y"}, "other members"),
    ):
        answer = await reception.post("/patients/import", json={"patients": [PATIENT, bad]})
        assert answer.status_code == 422
        assert said in answer.json()["detail"]
        assert "eheim" not in answer.text
    assert await house.clinic.count("patients") == 0
    unknown = await reception.post("/appointments/import", json={"appointments": [APPOINTMENT]})
    assert "appointments[0].patient_ref: no patient" in unknown.json()["detail"]
    wrongs: tuple[dict[str, Any], ...] = (
        {"appointments": []},
        {"appointments": [APPOINTMENT | {"starts_at": "2026-11-23T10:00:00"}]},
        {"appointments": [APPOINTMENT | {"status": "gone"}]},
        {"appointments": [APPOINTMENT] * 1001},
    )
    for wrong in wrongs:
        answer = await reception.post("/appointments/import", json=wrong)
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:kirdi:problem:invalid")
    assert await house.clinic.count("appointments") == 0


async def test_who_was_erased_stays_out_until_taken_in_again(
    house: House, reception: httpx.AsyncClient
) -> None:
    await house.clinic.import_patients(patient(1))
    officer = await house.as_role(Role.DPO, account="dpo")
    wish = {"patient_ref": "P-1", "reason": "2026-114", "confirm": "P-1"}
    assert (await officer.post("/rights/erasures", json=wish)).status_code == 201
    out = await reception.post("/patients/import", json={"patients": [PATIENT]})
    assert out.json()["left_out"] == 1
    back = {"patients": [PATIENT], "readmit": ["P-1"]}
    assert (await reception.post("/patients/import", json=back)).json()["created"] == 1
    assert (await officer.post("/patients/import", json=back)).status_code == 403
