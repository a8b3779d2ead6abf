"""Who asks for somebody else's patient is told nothing, and that is in the audit."""

from typing import Any

from streamer.domain.role import Role
from tests.integration.web.house import House
from tests.integration.web.test_visits import two_doctors

TYPED = "Karenina-Anna-77010000001"


async def denials(house: House, actor: str) -> list[tuple[Any, ...]]:
    """What, about whom, which, why; the oldest first."""
    async with house.clinic.database.postgres.connection() as connection:
        rows = await connection.fetch(
            "SELECT body ->> 'entity_type', patient_id, body ->> 'entity_id', body ->> 'reason', "
            "body::text FROM audit_events WHERE kind = 'access-denied' AND actor = $1 "
            "ORDER BY recorded_at, lane, sequence",
            actor,
        )
    for row in rows:
        assert "Karenina" not in row[4]
    return [tuple(row)[:4] for row in rows]


async def test_a_practitioner_s_curiosity_is_on_record_by_our_ids(house: House) -> None:
    await two_doctors(house)
    appointment_id, patient_id = await house.clinic.ids(2)
    doctor = await house.as_role(Role.PRACTITIONER, account="doctor", practitioner_refs=["D-1"])
    for path in ("/patients/P-2", "/appointments/A-2", f"/patients/{TYPED}"):
        assert (await doctor.get(path)).status_code == 404
    for path, asked in (
        ("/check-ins", {"patient_ref": "P-2"}),
        ("/appointments", {"patient_ref": "P-2"}),
        ("/appointments", {"practitioner_ref": "D-2"}),
        ("/patients", {"patient_ref": TYPED}),
    ):
        assert (await doctor.get(path, params=asked)).json()["items"] == []
    found = await denials(house, "doctor")
    assert found[:3] == [
        ("Patient", patient_id, None, "not-theirs"),
        ("Appointment", patient_id, str(appointment_id), "not-theirs"),
        ("Patient", None, None, "unknown"),
    ]
    assert [(one[0], one[1], one[3]) for one in found[3:]] == [
        ("Patient", patient_id, "not-theirs"),
        ("Patient", patient_id, "not-theirs"),
        ("Practitioner", None, "not-theirs"),
        ("Patient", None, "unknown"),
    ]
    # Their own patient without a check-in is no curiosity.
    assert (await doctor.get("/check-ins", params={"patient_ref": "P-1"})).json()["items"] == []
    assert len(await denials(house, "doctor")) == len(found)


async def test_so_is_everybody_s_whose_rows_or_cameras_are_limited(house: House) -> None:
    await house.clinic.expect(2)
    review_id = await house.waiting(2, "desk-1")
    insurer = await house.as_role(Role.INSURER, account="fund")
    assert (await insurer.get("/appointments/A-2")).status_code == 404
    assert (await insurer.get("/appointments?patient_ref=P-2")).status_code == 403
    assert [one[0] for one in await denials(house, "fund")] == ["Appointment", "account"]
    operator = await house.as_role(Role.OPERATOR, account="dana", cameras=["lobby-1"])
    for path in ("/cameras/desk-1", "/cameras/desk-1/tracks", "/cameras/no-such-camera"):
        assert (await operator.get(path)).status_code == 404
    camera = ("Camera", None, "desk-1", "not-theirs")
    assert await denials(house, "dana") == [camera, camera]
    reviewer = await house.as_role(Role.REVIEWER, account="ainur", cameras=["lobby-1"])
    assert (await reviewer.get(f"/reviews/{review_id}")).status_code == 404
    assert await denials(house, "ainur") == [("Review", None, str(review_id), "not-theirs")]
    # Another site's patients are nobody's here: what was asked for is not known.
    reception = await house.as_role(Role.RECEPTION)
    assert (await reception.get("/patients/P-77")).status_code == 404
    body = {"appointment_ref": "A-77", "reason": "by hand"}
    assert (await reception.post("/check-ins", json=body)).status_code == 404
    assert [one[3] for one in await denials(house, "aigul")] == ["unknown", "unknown"]


async def test_a_token_without_the_scope_is_told_which_and_nothing_of_patients(
    house: House,
) -> None:
    await two_doctors(house)
    await house.api.account("bridge", Role.RECEPTION)
    client = await house.api.client(await house.api.token("bridge", ["check-ins:write"]))
    told = set()
    for ref in ("A-1", "A-77"):
        for path in ("/check-ins", "/check-ins/undo"):
            body = {"appointment_ref": ref, "reason": "by hand"}
            answer = await client.post(path, json=body)
            assert answer.status_code == 403
            assert "appointments:read" in answer.json()["detail"]
            if path == "/check-ins":
                told.add(answer.text)
    assert len(told) == 1
