"""Whoever bills a visit can't produce its evidence by way of an import."""

from dataclasses import replace

import pytest

from streamer.domain.actor import Actor
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.booking import Booking
from streamer.domain.check_in import EvidenceGrade
from streamer.domain.patient import Patient
from streamer.errors import InputError
from streamer.storage.audit import MOST_NAMED
from tests.integration.storage.acts import bodies
from tests.integration.storage.clinic import Clinic, booking, moved, patient
from tests.integration.storage.counter import Counter

RECEPTION, DOCTOR = Actor("nina"), Actor("doctor", ("D-1",))
PHONE, OTHER_PHONE = "+77012345678", "+77019999999"


def of_another(one: Booking) -> Booking:
    return replace(one, practitioner_ref="D-2", practitioner_name="Dr Two")


def foreign(number: int, patient_number: int, hours: float = 0.0) -> Booking:
    return moved(of_another(booking(number, patient_number)), hours)


async def furnish(clinic: Clinic) -> None:
    """Patient 1 has an appointment with the doctor, patient 2 one with somebody else."""
    await clinic.import_patients(*(replace(patient(number), phone=PHONE) for number in (1, 2)))
    await clinic.import_bookings(booking(1), foreign(2, 2))


REFUSED: dict[str, tuple[Booking, str]] = {
    "handed over": (of_another(booking(1)), "practitioner_ref"),
    "arrived": (replace(booking(1), status=AppointmentStatus.ARRIVED), "practitioner_ref"),
    "moved": (moved(booking(1), 48), "practitioner_ref"),
    "of another patient": (booking(1, 2), "practitioner_ref"),
    "taken over": (booking(2), "practitioner_ref"),
    "a new one of their own": (booking(9, 2), "practitioner_ref"),
    "a colleague's, of their patient, that day": (foreign(9, 1, 3), "patient_ref"),
    "given to their patient, that day": (foreign(2, 1), "patient_ref"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_who_bills_it_changes_no_appointment_of_it(clinic: Clinic, case: str) -> None:
    await furnish(clinic)
    given, column = REFUSED[case]
    _, patient_id = await clinic.ids(1)
    harmless = replace(foreign(2, 2), room="7")
    place = "record 2" if given.appointment_ref != "A-2" else "record 1"
    rows = (harmless, given) if place == "record 2" else (given,)
    before = await clinic.appointments()
    with pytest.raises(InputError, match=rf"{place}, column {column}: doctor is .*somebody else"):
        await clinic.import_bookings(*rows, by=DOCTOR)
    assert await clinic.appointments() == before
    (refused,) = await bodies(clinic, "access-denied")
    assert (refused["actor"], refused["reason"], refused["outcome"]) == (
        "doctor",
        "own-patient",
        "4",
    )
    assert refused["detail"]["wanted"] == "import"
    named = refused["detail"].get("patients", refused.get("patient_id", ""))
    assert str(patient_id) in named or given.patient_ref == "P-2"
    # Whoever is no practitioner does.
    await clinic.import_bookings(*rows, by=RECEPTION)


async def test_what_is_as_it_was_or_of_another_day_is_no_matter(clinic: Clinic) -> None:
    await furnish(clinic)
    result = await clinic.import_bookings(
        booking(1), replace(foreign(2, 2), room="7"), foreign(9, 1, 48), by=DOCTOR
    )
    assert (result.created, result.updated, result.unchanged) == (1, 1, 1)


PATIENTS: dict[str, Patient] = {
    "phone": replace(patient(1), phone=OTHER_PHONE),
    "guardian": replace(patient(1), phone=PHONE, guardian_refs=("P-2",)),
    "name": replace(patient(1), phone=PHONE, full_name="Somebody Else"),
}


@pytest.mark.parametrize("case", PATIENTS)
async def test_nor_an_entry_of_their_patients(clinic: Clinic, case: str) -> None:
    await furnish(clinic)
    _, patient_id = await clinic.ids(1)
    with pytest.raises(InputError, match=r"record 1, column patient_ref: doctor is .*somebody"):
        await clinic.import_patients(PATIENTS[case], by=DOCTOR)
    (refused,) = await bodies(clinic, "access-denied")
    assert refused["patient_id"] == str(patient_id)
    others = replace(patient(2), phone=PHONE, full_name="Somebody Else")
    assert (await clinic.import_patients(others, patient(7), by=DOCTOR)).updated == 1
    # Nobody's phone, though: they may bill a visit of that patient later.
    with pytest.raises(InputError, match=r"column phone: doctor is .*somebody"):
        await clinic.import_patients(replace(others, phone=OTHER_PHONE), by=DOCTOR)
    assert (await clinic.import_patients(PATIENTS[case], by=RECEPTION)).updated == 1


@pytest.mark.parametrize("whose", ["the doctor's", "another patient's"])
async def test_whoever_billed_it_once_bills_it(clinic: Clinic, whose: str) -> None:
    """Though the clinic's system has made it somebody else's since; a year later no more."""
    await furnish(clinic)
    other = of_another(booking(1)) if whose == "the doctor's" else of_another(booking(1, 2))
    await clinic.import_bookings(other)
    by_hand, counter = clinic.by_hand(), Counter(clinic)
    with pytest.raises(InputError, match="is practitioner D-1 and has"):
        await counter.issue(1, by=DOCTOR)
    if other.patient_ref == "P-1":
        with pytest.raises(InputError, match="is practitioner D-1 and has"):
            await by_hand.add("A-1", DOCTOR, "no phone")
        with pytest.raises(InputError, match="practitioner_ref: doctor is"):
            await clinic.import_bookings(booking(1), by=DOCTOR)
        await by_hand.add("A-1", RECEPTION, "no phone")
    row = await clinic.row("SELECT changed_by FROM former_practitioners")
    assert row == ("kirdi",)
    clinic.clock.advance(366 * 86400)
    await counter.issue(1, by=DOCTOR)


@pytest.mark.parametrize(
    ("hours", "grade"),
    [(0, EvidenceGrade.DESK_CODE), (23.9, EvidenceGrade.DESK_CODE), (24, EvidenceGrade.CODE)],
)
async def test_a_code_to_a_phone_that_is_new_is_worth_no_more_than_one_from_the_desk(
    clinic: Clinic, hours: float, grade: EvidenceGrade
) -> None:
    await furnish(clinic)
    counter = Counter(clinic)
    assert (await counter.issue(1, send=True)).grade is EvidenceGrade.CODE
    await clinic.import_patients(replace(patient(1), phone=OTHER_PHONE))
    # Nor is it where it is the old one again.
    await clinic.import_patients(replace(patient(1), phone=PHONE))
    clinic.clock.advance(hours * 3600)
    await clinic.import_patients(replace(patient(1), phone=PHONE, full_name="Another Name"))
    assert (await counter.issue(1, send=True)).grade is grade
    assert counter.messenger.sent[-1][0] == PHONE


async def test_the_audit_names_whom_an_import_changed(clinic: Clinic) -> None:
    await furnish(clinic)
    appointment_id, patient_id = await clinic.ids(1)
    await clinic.import_patients(
        replace(patient(1), phone=OTHER_PHONE), replace(patient(2), phone=PHONE), by=RECEPTION
    )
    await clinic.import_bookings(of_another(booking(1)), foreign(2, 2), by=RECEPTION)
    people, appointments = [
        one["detail"] for one in await bodies(clinic, "import") if one["actor"] == "nina"
    ]
    assert (people["patients"], people["phones"]) == (str(patient_id), str(patient_id))
    assert OTHER_PHONE not in str(people)
    assert (appointments["appointments"], appointments["patients"]) == (
        str(appointment_id),
        str(patient_id),
    )


async def test_many_are_named_by_several_events(clinic: Clinic) -> None:
    many = [patient(number) for number in range(MOST_NAMED + 1)]
    await clinic.import_patients(*many)
    first, second = [one["detail"] for one in await bodies(clinic, "import")]
    assert [len(one["patients"].split(",")) for one in (first, second)] == [MOST_NAMED, 1]
    assert (first["created"], first["part"], second["part"]) == (len(many), 1, 2)
