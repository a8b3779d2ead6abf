"""Reviews and comparisons through the API."""

import io
from dataclasses import replace
from uuid import uuid4

from PIL import Image

from streamer.domain.appointment import AppointmentStatus
from streamer.domain.role import Role
from tests.integration.storage.clinic import booking, patient
from tests.integration.storage.counter import Counter
from tests.integration.web.house import House


async def test_a_reviewer_looks_and_confirms(house: House) -> None:
    await house.clinic.expect(1)
    review_id = await house.waiting(1)
    client = await house.as_role(Role.REVIEWER)
    (listed,) = (await client.get("/reviews")).json()["items"]
    assert listed["review_id"] == str(review_id)
    assert listed["candidates"][0]["patient_ref"] == "P-1"
    crop = await client.get(f"/reviews/{review_id}/crop")
    assert crop.headers["content-type"] == "image/jpeg"
    assert crop.headers["cache-control"] == "no-store"
    assert Image.open(io.BytesIO(crop.content)).size == (64, 64)
    done = await client.post(f"/reviews/{review_id}/confirm", json={"patient_ref": "P-1"})
    assert done.json()["arrivals"] == [{"appointment_ref": "A-1", "recorded": "written"}]
    assert (await client.get("/appointments/A-1")).json()["status"] == "arrived"
    for path in ("confirm", "reject"):
        gone = await client.post(f"/reviews/{review_id}/{path}", json={})
        assert gone.status_code == 404
    assert (await client.get(f"/reviews/{review_id}/crop")).status_code == 404
    row = await house.clinic.row(
        "SELECT count(*) FROM audit_events WHERE body ->> 'entity_id' = $1", str(review_id)
    )
    assert row[0] >= 1


async def test_the_face_is_for_those_who_decide_at_cameras_they_were_granted(house: House) -> None:
    await house.clinic.expect(1)
    review_id = await house.waiting(1)
    head = await house.as_role(Role.HEAD, account="head")
    assert len((await head.get("/reviews")).json()["items"]) == 1
    assert (await head.get(f"/reviews/{review_id}/crop")).status_code == 403
    other = await house.as_role(Role.REVIEWER, account="other", cameras=["back-1"])
    assert (await other.get("/reviews")).json()["items"] == []
    assert (await other.get(f"/reviews/{review_id}/crop")).status_code == 404
    assert (await other.post(f"/reviews/{review_id}/reject")).status_code == 404
    reviewer = await house.as_role(Role.REVIEWER, cameras=["lobby-1"])
    assert (await reviewer.post(f"/reviews/{review_id}/reject")).status_code == 200
    assert (await reviewer.get(f"/reviews/{uuid4()}/crop")).status_code == 404


async def test_a_comparison_at_the_desk(house: House) -> None:
    await house.clinic.expect(1)
    client = await house.as_role(Role.RECEPTION, cameras=["desk-1"])
    body = {"patient_ref": "P-1", "camera_id": "desk-1"}
    done = await client.post("/desk/comparisons", json=body)
    assert (done.status_code, done.json()["outcome"]) == (200, "no_face")
    for wrong in ({"patient_ref": "P-9"}, {"camera_id": "lobby-1"}):
        assert (await client.post("/desk/comparisons", json=body | wrong)).status_code == 404


async def test_a_conflict_by_a_code_is_decided_about_like_a_match(house: House) -> None:
    """No camera had a part in it: whoever may review sees it."""
    await house.clinic.expect(1)
    counter = Counter(house.clinic)
    issued = await counter.issue(1)
    await house.clinic.import_bookings(replace(booking(1), status=AppointmentStatus.NOSHOW))
    await counter.redeem(issued.secret)
    reviewer = await house.as_role(Role.REVIEWER, cameras=[])
    (found,) = (await reviewer.get("/reviews")).json()["items"]
    assert (found["method"], found["evidence"], found["camera_id"]) == ("code", "desk_code", None)
    confirm = f"/reviews/{found['review_id']}/confirm"
    issuer = await house.as_role(Role.REVIEWER, account="asel", cameras=[])
    assert (await issuer.post(confirm, json={})).status_code >= 400
    done = (await reviewer.post(confirm, json={})).json()
    assert done["arrivals"] == [{"appointment_ref": "A-1", "recorded": "refused_status"}]
    assert (await reviewer.get("/reviews")).json()["items"] == []
    assert (await reviewer.post(confirm, json={})).status_code == 404


async def test_who_the_candidates_are_is_told_to_those_who_decide_and_put_on_record(
    house: House,
) -> None:
    await house.clinic.expect(1)
    await house.clinic.import_patients(replace(patient(1), sex="female"))
    await house.clinic.import_bookings(replace(booking(1), room="12"))
    review_id = await house.waiting(1)
    reviewer = await house.as_role(Role.REVIEWER)
    (waits,) = (await reviewer.get("/reviews/waiting")).json()["items"]
    assert set(waits) == {"review_id", "expires_at"}
    review = (await reviewer.get(f"/reviews/{review_id}")).json()
    assert review["review_id"] == str(review_id)
    assert review["candidates"][0]["appointments"][0]["room"] == "12"
    before = await house.audited("patient-read")
    (shown,) = (await reviewer.get(f"/reviews/{review_id}/candidates")).json()
    assert (shown["patient_ref"], shown["full_name"]) == ("P-1", "Full Name 1")
    assert (shown["sex"], shown["age"], shown["birth_year"]) == ("female", 36, 1990)
    assert await house.audited("patient-read") == before + 1
    head = await house.as_role(Role.HEAD, account="head")
    assert (await head.get(f"/reviews/{review_id}/candidates")).status_code == 403
    other = await house.as_role(Role.REVIEWER, account="other", cameras=["back-1"])
    assert (await other.get(f"/reviews/{review_id}/candidates")).status_code == 404
    assert (await other.get("/reviews/waiting")).json()["items"] == []
