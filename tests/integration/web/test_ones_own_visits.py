"""An account that is reception and practitioner tries to make the evidence of its own visit."""

from dataclasses import replace
from typing import Any

import pytest

from streamer.domain.actor import Actor
from streamer.domain.role import Role
from streamer.errors import InputError
from tests.integration.storage.clinic import booking, consent, patient
from tests.integration.web.house import House
from tests.integration.web.test_imports import APPOINTMENT

MINE = APPOINTMENT | {
    "service_code": "S1",
    "service_name": "Consultation",
    "starts_at": "2026-11-23T10:00:00+05:00",
    "ends_at": "2026-11-23T11:00:00+05:00",
    "practitioner_name": "Dr One",
}
THEIRS = MINE | {"practitioner_ref": "D-2", "practitioner_name": "Dr Two"}


async def test_handing_a_visit_over_for_a_while_gains_nothing(house: House) -> None:
    await house.clinic.import_patients(replace(patient(1), phone="+77012345678"), patient(2))
    await house.clinic.import_bookings(booking(1))
    doctor = await house.as_role(
        Role.RECEPTION, Role.PRACTITIONER, account="doctor", practitioner_refs=["D-1"]
    )
    attacks: list[tuple[str, dict[str, Any]]] = [
        ("/appointments/import", {"appointments": [THEIRS]}),
        ("/appointments/import", {"appointments": [MINE | {"status": "arrived"}]}),
        ("/appointments/import", {"appointments": [THEIRS | {"appointment_ref": "A-7"}]}),
        ("/appointments/import", {"appointments": [MINE | {"patient_ref": "P-2"}]}),
        ("/codes", {"patient_ref": "P-1"}),
        ("/check-ins", {"appointment_ref": "A-1", "reason": "no phone"}),
        (
            "/patients/import",
            {
                "patients": [
                    {
                        "patient_ref": "P-1",
                        "full_name": "Full Name 1",
                        "phone": "+77019999999",
                    }
                ]
            },
        ),
    ]
    for path, body in attacks:
        answer = await doctor.post(path, json=body)
        assert answer.status_code in (403, 422), (path, body, answer.text)
        assert "somebody else has to" in answer.json()["detail"], answer.text
        assert "+77019999999" not in answer.text
    assert await house.audited("access-denied") == len(attacks)
    # Handed over by the clinic's system, it is still nothing that they vouch for.
    await house.clinic.import_bookings(
        replace(booking(1), practitioner_ref="D-2", practitioner_name="Dr Two")
    )
    for path, body in attacks[1:]:
        assert (await doctor.post(path, json=body)).status_code in (403, 422), (path, body)
    assert (await house.clinic.appointments())[0].status == "booked"
    assert await house.clinic.count("codes") == 0
    # A colleague at the same desk does all of it.
    nina = await house.as_role(Role.RECEPTION, account="nina")
    for path, body in (*attacks[:1], *attacks[4:5], *attacks[6:]):
        assert (await nina.post(path, json=body)).status_code in (200, 201), path


async def test_at_the_terminal_an_account_of_that_name_counts_too(house: House) -> None:
    await house.clinic.import_patients(patient(1))
    await house.clinic.import_bookings(booking(1))
    await house.as_role(Role.PRACTITIONER, account="doctor", practitioner_refs=["D-1"])
    given = consent("P-1")
    for name in ("Doctor", "Doctor (through root)", "nina (through doctor)"):
        with pytest.raises(InputError, match=r"D-1 .*somebody else has to"):
            await house.clinic.consent(given, Actor(name, at_terminal=True))
        with pytest.raises(InputError, match="somebody else has to"):
            await house.clinic.import_bookings(
                replace(booking(1), practitioner_ref="D-2"), by=Actor(name, at_terminal=True)
            )
    assert await house.clinic.consent(given, Actor("nina (through root)", at_terminal=True))


async def test_no_practitioner_writes_a_phone_that_a_code_of_theirs_could_go_to(
    house: House,
) -> None:
    await house.clinic.import_patients(patient(1))
    doctor = await house.as_role(
        Role.RECEPTION, Role.PRACTITIONER, account="doctor", practitioner_refs=["D-1"]
    )
    for ref in ("P-1", "P-50"):
        entry = {"patient_ref": ref, "full_name": "Full Name 1", "phone": "+77019999999"}
        answer = await doctor.post("/patients/import", json={"patients": [entry]})
        assert answer.status_code in (403, 422), answer.text
        assert "somebody else has to write phones" in answer.json()["detail"]
        assert "+7701" not in answer.text
    assert await house.audited("access-denied") == 2
    # Somebody new they may well take in.
    entry = {"patient_ref": "P-50", "full_name": "Full Name 50"}
    answer = await doctor.post("/patients/import", json={"patients": [entry]})
    assert answer.status_code == 200, answer.text


async def test_whom_the_settings_name_counts_in_the_api_too(house: House) -> None:
    await house.clinic.import_patients(patient(1))
    await house.clinic.import_bookings(booking(1))
    # See `house`: the settings say that this account bills D-1's.
    named = await house.as_role(Role.RECEPTION, account="doctor")
    for path, body in (
        ("/codes", {"patient_ref": "P-1"}),
        ("/check-ins", {"appointment_ref": "A-1", "reason": "no phone"}),
    ):
        answer = await named.post(path, json=body)
        assert answer.status_code in (403, 422), answer.text
        assert "somebody else has to" in answer.json()["detail"]
    assert (await named.get("/session")).json()["practitioner_refs"] == []
