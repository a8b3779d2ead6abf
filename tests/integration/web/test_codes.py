"""Codes through the API: issued, redeemed, guessed at."""

from streamer.domain.role import Role
from tests.integration.storage.clinic import booking, patient
from tests.integration.web.house import House


async def expect(house: House, number: int) -> None:
    await house.clinic.import_patients(patient(number))
    await house.clinic.import_bookings(booking(number))


async def test_a_code_is_issued_by_one_and_taken_by_another(house: House) -> None:
    await expect(house, 1)
    asel = await house.as_role(Role.RECEPTION, account="asel")
    dina = await house.as_role(Role.RECEPTION, account="dina")
    issued = await asel.post("/codes", json={"patient_ref": "P-1"})
    assert issued.status_code == 201, issued.text
    code = issued.json()["code"]
    shown = {"code": code, "device": "desk-1"}
    own = (await asel.post("/codes/redemptions", json=shown)).json()
    assert own == {
        "answer": "refused",
        "reason": None,
        "arrivals": [],
        "choices": [],
        "to_review": False,
        "meant": [],
        "advice": None,
    }
    taken = (await dina.post("/codes/redemptions", json=shown)).json()
    assert taken["answer"] == "arrived"
    assert taken["arrivals"][0] == {
        "appointment_ref": "A-1",
        "evidence": "desk_code",
        "recorded": "written",
    }
    listed = await asel.get("/codes")
    (row,) = listed.json()["items"]
    assert (row["state"], row["redeemed_by"], row["device"]) == ("redeemed", "dina", "desk-1")
    assert code not in listed.text


async def test_wrong_codes_make_a_device_wait_until_somebody_has_looked(house: House) -> None:
    client = await house.as_role(Role.RECEPTION)
    for number in range(12):
        shown = {"code": f"{number:06}", "device": "desk-1"}
        answer = await client.post("/codes/redemptions", json=shown)
        assert (answer.status_code, answer.json()["answer"]) == (200, "refused")
    devices = (await client.get("/codes/devices")).json()["items"]
    waiting = next(one for one in devices if one["subject"] == "desk-1")
    assert waiting["blocked_until"] is not None
    done = await client.post("/codes/devices/unblock", json={"device": "desk-1"})
    assert done.json() == {"device": "desk-1", "forgiven": True}
    again = await client.post("/codes/devices/unblock", json={"device": "desk-1"})
    assert again.json()["forgiven"] is False


async def test_what_cannot_be_issued_says_why(house: House) -> None:
    await expect(house, 1)
    client = await house.as_role(Role.RECEPTION)
    for body, status in (
        ({}, 422),
        ({"patient_ref": "P-1", "appointment_ref": "A-1"}, 422),
        ({"patient_ref": "P-9"}, 404),
        ({"appointment_ref": "A-9"}, 404),
        ({"patient_ref": "P-1", "send": True}, 422),
    ):
        assert (await client.post("/codes", json=body)).status_code == status, body
    wrong = {"code": "123456", "device": "desk-9"}
    answer = await client.post("/codes/redemptions", json=wrong)
    assert answer.status_code == 422
    assert "123456" not in answer.text


async def test_what_is_wrong_with_an_order_or_a_device_is_said_in_staffs_words(
    house: House,
) -> None:
    client = await house.as_role(Role.RECEPTION)
    empty = await client.post("/codes", json={})
    assert empty.status_code == 422
    (fault,) = empty.json()["errors"]
    assert fault["reason"] == "give patient_ref or appointment_ref, one of them"
    shown = {"code": "123456", "device": "desk-9"}
    nowhere = await client.post("/codes/redemptions", json=shown)
    assert nowhere.status_code == 422
    said = "device desk-9: codes are not redeemed at any of this name (desk-1)"
    assert nowhere.json()["detail"] == said
