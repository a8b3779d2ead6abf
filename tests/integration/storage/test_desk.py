"""One patient's template for the desk, and what a match there writes."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import numpy as np
import pytest

from streamer.domain.actor import SERVICE, Actor
from streamer.domain.check_in import EvidenceGrade, Method, Recorded
from streamer.domain.presence import Presence, PresenceFlag
from streamer.errors import InputError
from streamer.storage.desk import PostgresDesk
from tests.integration.storage.clinic import NOW, PACK, SITE, Clinic, consent, patient, vector

RECEPTION = Actor("reception")


def desk_of(clinic: Clinic) -> PostgresDesk:
    base = clinic.database
    return PostgresDesk(
        base.postgres,
        base.vault,
        clinic.check_ins(),
        clinic.presences(),
        clinic.waiting_reviews(),
        SITE.id,
        clinic.clock,
    )


async def test_the_template_of_a_patient_with_or_without_an_appointment(any_clinic: Clinic) -> None:
    await any_clinic.import_patients(patient(1))
    await any_clinic.enrol(1)
    found = await desk_of(any_clinic).template("P-1", PACK, RECEPTION)
    np.testing.assert_array_equal(found.vector, vector(1))
    assert found.pack_id == PACK


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (replace(patient(1), is_staff=True), "staff"),
        (replace(patient(1), deceased_on=date(2026, 11, 1)), "deceased"),
    ],
)
async def test_who_may_not_be_compared(clinic: Clinic, given: object, words: str) -> None:
    await clinic.import_patients(patient(1))
    await clinic.enrol(1)
    await clinic.import_patients(given)  # type: ignore[arg-type]
    # Once a patient is staff or dead the template may be gone as well: refused one way or another.
    with pytest.raises(InputError, match=words):
        await desk_of(clinic).template("P-1", PACK, RECEPTION)


async def test_no_consent_no_template_no_patient(clinic: Clinic) -> None:
    desk = desk_of(clinic)
    with pytest.raises(InputError, match="unknown"):
        await desk.template("P-1", PACK, RECEPTION)
    await clinic.import_patients(patient(1))
    with pytest.raises(InputError, match="no consent"):
        await desk.template("P-1", PACK, RECEPTION)
    await clinic.enrol(1)
    with pytest.raises(InputError, match="not enrolled with the model pack"):
        await desk.template("P-1", "other", RECEPTION)
    await clinic.withdraw(1)
    with pytest.raises(InputError, match="no consent"):
        await desk.template("P-1", PACK, RECEPTION)


async def test_a_consent_whose_term_is_over_is_none(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))
    await clinic.consent(consent("P-1", "C-1", term=timedelta(hours=1)))
    await clinic.enrolments().save("P-1", "C-1", vector(1), PACK, 2, NOW, by=SERVICE)
    await desk_of(clinic).template("P-1", PACK, RECEPTION)
    clinic.clock.advance(3600)
    with pytest.raises(InputError, match="no consent"):
        await desk_of(clinic).template("P-1", PACK, RECEPTION)


async def test_look_alikes_are_sent_to_a_code(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.expect(2)
    await clinic.execute(
        "INSERT INTO look_alikes SELECT a.template_id, b.template_id, now() "
        "FROM templates a, templates b WHERE a.template_id < b.template_id"
    )
    for ref in ("P-1", "P-2"):
        with pytest.raises(InputError, match=r"too much like another patient.*code"):
            await desk_of(clinic).template(ref, PACK, RECEPTION)


async def test_who_bills_the_patient_neither_compares_nor_writes(clinic: Clinic) -> None:
    await clinic.expect(1)
    doctor = Actor("dr-one", ("D-1",))
    desk = desk_of(clinic)
    with pytest.raises(InputError, match="somebody else has to do this"):
        await desk.template("P-1", PACK, doctor)
    proposal = await clinic.proposal(1)
    with pytest.raises(InputError, match="somebody else has to do this"):
        await desk.record(proposal.patient_id, doctor, [proposal], [])
    assert await clinic.count("check_ins") == 0


async def test_a_match_is_written_once_and_not_after_a_withdrawal(any_clinic: Clinic) -> None:
    await any_clinic.expect(1)
    await any_clinic.expect(2)
    desk = desk_of(any_clinic)
    first, second = [
        replace(await any_clinic.proposal(number), method=Method.DESK, decided_by="reception")
        for number in (1, 2)
    ]
    arrivals, presences = await desk.record(first.patient_id, RECEPTION, [first], [])
    assert [(one.appointment_ref, one.recorded) for one in arrivals] == [("A-1", Recorded.WRITTEN)]
    assert list(presences) == []
    again = replace(first, event_id=uuid4())
    arrivals, _ = await desk.record(first.patient_id, RECEPTION, [again], [])
    assert [one.recorded for one in arrivals] == [Recorded.DUPLICATE]
    await any_clinic.withdraw(2)
    arrivals, _ = await desk.record(second.patient_id, RECEPTION, [second], [])
    assert [one.recorded for one in arrivals] == [Recorded.REFUSED_CONSENT]
    (listed,) = await any_clinic.listed_check_ins()
    assert (listed.method, listed.evidence, listed.decided_by) == ("desk", "face", "reception")


async def test_a_presence_needs_the_consent_too(clinic: Clinic) -> None:
    await clinic.expect(1)
    _, patient_id = await clinic.ids(1)
    seen = Presence(
        uuid4(),
        SITE.id,
        patient_id,
        None,
        PresenceFlag.UNBOOKED,
        Method.DESK,
        EvidenceGrade.FACE,
        NOW,
        "main",
        camera_id="desk-1",
    )
    desk = desk_of(clinic)
    assert await desk.record(patient_id, RECEPTION, [], [seen]) == ((), [Recorded.WRITTEN])
    await clinic.withdraw(1)
    other = replace(seen, presence_id=uuid4())
    assert await desk.record(patient_id, RECEPTION, [], [other]) == ((), [Recorded.REFUSED_CONSENT])
    assert await clinic.count("presences") == 1
