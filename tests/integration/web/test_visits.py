"""Appointments, check-ins and presences through the API: who sees what, and what is written."""

import base64
from dataclasses import replace

from streamer.domain.consent import ConsentPurpose
from streamer.domain.role import Role
from tests.integration.storage.clinic import booking, consent, patient
from tests.integration.web.house import House

DAY = "2026-11-23"


async def two_doctors(house: House) -> None:
    """A-1 of P-1 with D-1 in room 7, A-2 of P-2 with D-2."""
    clinic = house.clinic
    await clinic.import_patients(patient(1), patient(2))
    other = replace(booking(2), practitioner_ref="D-2", practitioner_name="Dr Two")
    await clinic.import_bookings(replace(booking(1), room="7"), other)


async def test_reception_sees_a_day_with_its_evidence(house: House) -> None:
    await two_doctors(house)
    client = await house.as_role(Role.RECEPTION)
    added = await client.post(
        "/check-ins", json={"appointment_ref": "A-1", "reason": "camera is being repaired"}
    )
    assert added.status_code == 201, added.text
    assert added.json()["patient_ref"] == "P-1"
    listed = (await client.get("/appointments", params={"date": DAY})).json()
    first, second = listed["items"]
    assert (first["appointment_ref"], first["status"], first["room"]) == ("A-1", "arrived", "7")
    assert first["evidence"]["grade"] == "manual"
    assert (second["status"], second["evidence"]) == ("booked", None)
    assert listed["next"] is None
    one = await client.get("/appointments/A-2")
    assert one.json()["practitioner"] == "Dr Two"
    filtered = await client.get("/appointments", params={"room": "7"})
    assert [row["appointment_ref"] for row in filtered.json()["items"]] == ["A-1"]
    assert await house.audited("patient-read") >= 4


async def test_a_practitioner_sees_their_own_rows_and_writes_none(house: House) -> None:
    await two_doctors(house)
    reception = await house.as_role(Role.RECEPTION)
    for ref in ("A-1", "A-2"):
        body = {"appointment_ref": ref, "reason": "by hand"}
        assert (await reception.post("/check-ins", json=body)).status_code == 201
    doctor = await house.as_role(Role.PRACTITIONER, account="doctor", practitioner_refs=["D-1"])
    listed = (await doctor.get("/appointments")).json()["items"]
    assert [row["appointment_ref"] for row in listed] == ["A-1"]
    seen = (await doctor.get("/check-ins")).json()["items"]
    assert [row["appointment_ref"] for row in seen] == ["A-1"]
    assert (await doctor.get("/appointments/A-2")).status_code == 404
    assert (await doctor.get("/patients/P-2")).status_code == 404
    assert (await doctor.get("/patients/P-1")).json()["profile"]["full_name"] == "Full Name 1"
    patients = (await doctor.get("/patients")).json()["items"]
    assert [row["patient_ref"] for row in patients] == ["P-1"]
    body = {"appointment_ref": "A-1", "reason": "I say so"}
    assert (await doctor.post("/check-ins", json=body)).status_code == 403
    nobodys = await house.as_role(Role.PRACTITIONER, account="new")
    assert (await nobodys.get("/appointments")).json()["items"] == []


async def test_who_bills_a_patient_checks_nobody_in_whatever_their_roles(house: House) -> None:
    await two_doctors(house)
    both = await house.as_role(
        Role.RECEPTION, Role.PRACTITIONER, account="doctor", practitioner_refs=["D-1"]
    )
    body = {"appointment_ref": "A-1", "reason": "I say so"}
    answer = await both.post("/check-ins", json=body)
    assert answer.status_code == 422
    assert "somebody else has to do this" in answer.json()["detail"]
    assert (await both.get("/appointments")).json()["items"][1]["appointment_ref"] == "A-2"


async def test_an_insurer_is_told_of_those_who_agreed_and_of_nobody_who_they_are(
    house: House,
) -> None:
    await two_doctors(house)
    told = consent("P-1", "E-1", purpose=ConsentPurpose.PAYER_EVIDENCE)
    await house.clinic.consent(told)
    reception = await house.as_role(Role.RECEPTION)
    body = {"appointment_ref": "A-1", "reason": "by hand"}
    await reception.post("/check-ins", json=body)
    insurer = await house.as_role(Role.INSURER, account="fund")
    answer = await insurer.get("/appointments", params={"limit": 1})
    (row,) = answer.json()["items"]
    assert row["pseudonymous"]
    assert len(row["patient_ref"]) == 32
    hidden = ("practitioner", "service_code", "service_name", "department", "building", "room")
    assert [row[key] for key in hidden] == [None] * len(hidden)
    assert row["evidence"]["grade"] == "manual"
    (seen,) = (await insurer.get("/check-ins")).json()["items"]
    assert seen["patient_ref"] == row["patient_ref"]
    assert (seen["decided_by"], seen["note"], seen["camera"]) == (None, None, None)
    whole = answer.text + (await insurer.get("/check-ins")).text
    for word in ("P-1", "A-1", "D-1", "Dr One", "aigul"):
        assert word not in whole
    # Nor is the insurer told whom a pseudonym stands for.
    for filters in ({"patient_ref": "P-1"}, {"room": "7"}, {"practitioner_ref": "D-1"}):
        assert (await insurer.get("/appointments", params=filters)).status_code == 403
    assert (await insurer.get("/appointments/A-1")).status_code == 404
    assert (await insurer.get("/patients/P-1")).status_code == 403


async def test_lists_come_in_parts_and_a_cursor_tells_nothing(house: House) -> None:
    await house.clinic.import_patients(*(patient(number) for number in range(1, 6)))
    await house.clinic.import_bookings(*(booking(number) for number in range(1, 6)))
    client = await house.as_role(Role.RECEPTION)
    had: list[str] = []
    params: dict[str, str | int] = {"limit": 2}
    for _ in range(3):
        page = (await client.get("/appointments", params=params)).json()
        had += [row["appointment_ref"] for row in page["items"]]
        if page["next"] is not None:
            assert b"A-" not in base64.urlsafe_b64decode(page["next"] + "==")
            params["cursor"] = page["next"]
    assert had == [f"A-{number}" for number in range(1, 6)]
    assert page["next"] is None
    somebody = await house.as_role(Role.RECEPTION, account="botagoz")
    for answer in (
        await somebody.get("/appointments", params=params),
        await client.get("/patients", params=params),
        await client.get("/appointments", params={"cursor": "AAAA"}),
    ):
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:kirdi:problem:cursor"
    patients = (await client.get("/patients", params={"limit": 4})).json()
    rest = await client.get("/patients", params={"cursor": patients["next"]})
    assert [row["patient_ref"] for row in rest.json()["items"]] == ["P-5"]


async def test_a_check_in_is_undone_with_a_reason(house: House) -> None:
    await two_doctors(house)
    client = await house.as_role(Role.RECEPTION)
    body = {"appointment_ref": "A-1", "reason": "by hand"}
    await client.post("/check-ins", json=body)
    again = await client.post("/check-ins", json=body)
    assert (again.status_code, "checked in already" in again.json()["detail"]) == (422, True)
    done = await client.post("/check-ins/undo", json=body | {"reason": "mistaken"})
    assert done.json()["blocked"] is False
    assert (await client.get("/check-ins")).json()["items"] == []
    (row,) = (await client.get("/check-ins", params={"undone": True})).json()["items"]
    assert (row["undone_by"], row["undone_reason"]) == ("aigul", "mistaken")
    missing = body | {"appointment_ref": "A-9"}
    assert (await client.post("/check-ins", json=missing)).status_code == 404
    assert (await client.post("/check-ins/undo", json=missing)).status_code == 404


async def test_presences_are_listed(house: House) -> None:
    client = await house.as_role(Role.HEAD)
    answer = await client.get("/presences", params={"date": DAY})
    assert answer.json() == {"items": [], "next": None}
