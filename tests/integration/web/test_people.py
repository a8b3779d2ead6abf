"""Patients, enrolment, consents and receipts through the API."""

import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np
from PIL import Image

from streamer.domain.role import Role
from streamer.domain.sight import Sight
from tests.integration.storage.clinic import booking, consent, patient
from tests.integration.web.clinic_backend import clinic_backend
from tests.integration.web.house import House, photo, settings

PHOTOS = [("photos", ("anna.png", photo(1))), ("photos", ("anna2.png", photo(1)))]


def signed(number: int, document: str = "C-1") -> dict[str, object]:
    return {
        "patient_ref": f"P-{number}",
        "document_ref": document,
        "language": "ru",
        "identity_check": "id-document",
    }


async def enrol(client: httpx.AsyncClient, number: int, **fields: str) -> httpx.Response:
    # No two photos of one person are the same to the last digit.
    photos = [("photos", ("anna.png", photo(number))) for _ in range(2)]
    data = {"patient_ref": f"P-{number}", **fields}
    return await client.post("/enrolments", data=data, files=photos)


async def test_names_are_for_those_who_need_them(house: House) -> None:
    await house.clinic.import_patients(replace(patient(1), phone="+77010000001"), patient(2))
    reception = await house.as_role(Role.RECEPTION)
    shown = (await reception.get("/patients/P-1")).json()
    assert shown["profile"]["full_name"] == "Full Name 1"
    assert shown["profile"]["phone"] == "+77010000001"
    head = await house.as_role(Role.HEAD, account="head")
    assert (await head.get("/patients/P-1")).json()["profile"] is None
    assert "Full Name" not in (await reception.get("/patients")).text
    assert (await reception.get("/patients/P-3")).status_code == 404
    (found,) = (await reception.get("/patients", params={"patient_ref": "P-2"})).json()["items"]
    assert found["patient_ref"] == "P-2"
    (detail,) = await house.clinic.row(
        "SELECT body -> 'detail' ->> 'patients' FROM audit_events "
        "WHERE kind = 'patient-read' AND actor = 'aigul' AND patient_id IS NULL"
    )
    assert len(detail.split(",")) == 2
    row = await house.clinic.row(
        "SELECT actor, body ->> 'entity_type', patient_id FROM audit_events "
        "WHERE kind = 'patient-read' AND actor = 'head'"
    )
    assert row[:2] == ("head", "Patient")
    assert row[2] is not None


async def test_whoever_was_erased_is_in_no_list(house: House) -> None:
    await house.clinic.import_patients(patient(1), patient(2))
    await house.clinic.execute(
        "UPDATE patients SET patient_ref = 'erased-1', erased_at = now() WHERE patient_ref = 'P-1'"
    )
    reception = await house.as_role(Role.RECEPTION)
    listed = (await reception.get("/patients")).json()["items"]
    assert [one["patient_ref"] for one in listed] == ["P-2"]
    assert (await reception.get("/patients/erased-1")).status_code == 200


async def test_a_patient_consents_is_enrolled_and_withdraws(house: House) -> None:
    await house.clinic.import_patients(patient(1))
    client = await house.as_role(Role.RECEPTION)
    refused = await enrol(client, 1)
    assert (refused.status_code, "no consent" in refused.json()["detail"]) == (422, True)
    recorded = await client.post("/consents", json=signed(1))
    assert recorded.status_code == 201, recorded.text
    assert (recorded.json()["new"], recorded.json()["consent"]["status"]) == (True, "active")
    (needy,) = (await client.get("/patients", params={"needs_enrolment": True})).json()["items"]
    assert needy["patient_ref"] == "P-1"
    enrolled = await enrol(client, 1, consent_ref="C-1")
    assert enrolled.status_code == 201, enrolled.text
    assert (enrolled.json()["photos"], enrolled.json()["code_only"]) == (2, False)
    assert (await client.get("/patients/P-1")).json()["packs"] == ["fake-1"]

    withdrawn = (await client.post("/consents/withdrawals", json={"patient_ref": "P-1"})).json()
    assert withdrawn["ended"] == ["check-in"]
    assert withdrawn["receipt"]["templates"] == 1
    key = withdrawn["receipt"]["erasure_id"]
    assert (await client.get(f"/receipts/{key}")).json()["patient_ref"] == "P-1"
    (listed,) = (await client.get("/receipts", params={"patient_ref": "P-1"})).json()["items"]
    assert listed["erasure_id"] == key
    assert (await client.get("/consents")).json()["items"] == []
    (ended,) = (await client.get("/consents", params={"patient_ref": "P-1"})).json()["items"]
    assert (ended["ended_reason"], ended["ended_by"]) == ("withdrawn", "aigul")
    again = await client.post("/consents/withdrawals", json={"patient_ref": "P-1"})
    assert again.status_code == 422


async def test_a_face_that_is_enrolled_already_is_refused_with_a_warning(house: House) -> None:
    await house.clinic.import_patients(patient(1), patient(2))
    client = await house.as_role(Role.RECEPTION)
    for number in (1, 2):
        await client.post("/consents", json=signed(number))
    await enrol(client, 1)
    twice = {"data": {"patient_ref": "P-2"}, "files": PHOTOS}
    refused = await client.post("/enrolments", **twice)  # type: ignore[arg-type]
    assert refused.status_code == 422
    assert "may already be enrolled as P-1" in refused.json()["detail"]
    twice["data"] = {"patient_ref": "P-2", "anyway": "true"}
    done = (await client.post("/enrolments", **twice)).json()  # type: ignore[arg-type]
    assert (done["code_only"], done["looks_like"]) == (True, ["P-1"])
    assert (await client.get("/patients/P-1")).json()["looks_like"] == ["P-2"]


async def test_photos_that_are_none_say_so_and_name_nobody(house: House) -> None:
    await house.clinic.import_patients(patient(1))
    await house.clinic.consent(consent("P-1"))
    client = await house.as_role(Role.RECEPTION)
    files = [("photos", ("Anna Karenina.png", b"no picture"))]
    answer = await client.post("/enrolments", data={"patient_ref": "P-1"}, files=files)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("photo 1: is no picture")
    none = await client.post("/enrolments", data={"patient_ref": "P-1"})
    assert none.status_code == 415
    many = [("photos", (f"{n}.png", photo(1))) for n in range(11)]
    answer = await client.post("/enrolments", data={"patient_ref": "P-1"}, files=many)
    assert answer.status_code == 400
    large = [("photos", ("1.png", bytes(13 * 2**20)))]
    answer = await client.post("/enrolments", data={"patient_ref": "P-1"}, files=large)
    assert answer.status_code == 413
    stranger = await client.post("/enrolments", data={"patient_ref": "P-9"}, files=PHOTOS)
    assert stranger.status_code == 404
    more = await client.post(
        "/enrolments", data={"patient_ref": "P-1", "pack_id": "mine"}, files=PHOTOS
    )
    assert more.json()["errors"] == [{"where": ["body", "pack_id"], "code": "extra_forbidden"}]


async def test_photos_may_be_as_large_as_a_telephones(house: House) -> None:
    await house.clinic.import_patients(patient(1))
    await house.clinic.consent(consent("P-1"))
    client = await house.as_role(Role.RECEPTION)
    pixels = np.random.default_rng(1).integers(0, 255, (1000, 1000, 3), dtype=np.uint8)
    pixels[0, 0] = 15
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "PNG")
    assert len(held.getvalue()) > 2 << 20
    files = [("photos", ("1.png", held.getvalue())) for _ in range(2)]
    answer = await client.post("/enrolments", data={"patient_ref": "P-1"}, files=files)
    assert answer.status_code == 201, answer.text


async def test_a_term_is_checked_and_the_text_can_be_had(house: House) -> None:
    await house.clinic.import_patients(patient(1))
    client = await house.as_role(Role.RECEPTION)
    too_long = signed(1) | {"expires": "2031-01-01"}
    assert (await client.post("/consents", json=too_long)).status_code == 422
    assert (await client.post("/consents", json=signed(9))).status_code == 404
    first = await client.post("/consents", json=signed(1))
    house.clinic.clock.advance(timedelta(minutes=1).total_seconds())
    again = await client.post("/consents", json=signed(1))
    assert (first.json()["new"], again.json()["new"]) == (True, False)
    text = (await client.get("/consents/text", params={"language": "en"})).json()
    assert text["version"] == 1
    assert "Polyclinic No. 1" in text["body"]


async def test_advice_about_a_photo_keeps_and_names_nobody(house: House) -> None:
    client = await house.as_role(Role.RECEPTION)
    before = await house.audited("enrolment")
    said = []
    for person in (0, 3):
        sent = await client.post("/enrolments/advice", files={"photo": ("a.png", photo(person))})
        assert sent.status_code == 200, sent.text
        said.append(sent.json())
    assert (said[0]["faces"], said[0]["shortcoming"], said[0]["usable"]) == (0, "no_face", False)
    assert said[1]["faces"] == 1
    assert said[1]["bbox"] is not None
    none = await client.post("/enrolments/advice", data={"photo": "x"}, files={"other": b""})
    assert none.status_code == 422
    assert await house.audited("enrolment") == before
    operator = await house.as_role(Role.OPERATOR, account="operator")
    assert (await operator.post("/enrolments/advice")).status_code == 403


async def test_who_has_arrived_is_named_on_record_to_whoever_sees_everybody(
    house: House, tmp_path: Path
) -> None:
    await house.clinic.import_patients(patient(1))
    await house.clinic.import_bookings(booking(1))
    _, patient_id = await house.clinic.ids(1)
    backend = clinic_backend(
        house.clinic.database, settings(), house.clinic.schedules(), house.clinic.clock, tmp_path
    )
    people = backend.people_reader
    assert await people.name(Sight("aigul"), patient_id) == patient(1).full_name
    assert await people.name(Sight("aigul"), uuid4()) is None
    assert await people.name(Sight("doctor", practitioner_refs=("D-1",)), patient_id) is None
    assert await people.name(Sight("payer", told_payer_only=True), patient_id) is None
    auditor = await house.as_role(Role.AUDITOR, account="ayan")
    asked = {"from": "2020-01-01", "to": "2030-01-01", "kind": "patient-read"}
    (event,) = (await auditor.get("/audit/events", params=asked)).json()["items"]
    assert (event["actor"], event["entity_type"]) == ("aigul", "Patient")
