"""A face that was made by who bills an appointment brings nobody to it by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from streamer.domain.account import NewAccount
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.check_in import Recorded
from streamer.domain.report_wants import ReportWants
from streamer.domain.role import Role
from streamer.domain.visit_evidence import VisitEvidence
from streamer.errors import InputError
from streamer.storage.accounts import PostgresAccounts
from streamer.storage.day_facts import PostgresDayFacts
from streamer.storage.report_evidence import ReportEvidence
from tests.integration.storage.clinic import (
    HOUR,
    NOW,
    PACK,
    SITE,
    WINDOW,
    ZONE,
    Clinic,
    booking,
    consent,
    moved,
    patient,
    vector,
)

RECEPTION, DOCTOR = Actor("nina"), Actor("doctor", ("D-1",))


async def furnish(clinic: Clinic, consents: Actor, enrols: Actor) -> None:
    """Consent and face first; the booking with D-1 is made afterwards."""
    await clinic.import_patients(patient(1))
    await clinic.consent(consent("P-1"), by=consents)
    await enrol(clinic, enrols)
    await clinic.import_bookings(booking(1))


async def enrol(clinic: Clinic, by: Actor) -> None:
    await clinic.enrolments().save("P-1", "", vector(1), PACK, 2, NOW, by=by)


def facts(clinic: Clinic) -> PostgresDayFacts:
    return PostgresDayFacts(clinic.database.postgres, SITE.id, ZONE, *WINDOW)


async def evidence(clinic: Clinic) -> tuple[VisitEvidence, ...]:
    async with clinic.database.postgres.transaction() as connection:
        read = ReportEvidence(connection, SITE.id, ReportWants(after=HOUR), {})
        return await read.between(NOW - HOUR, NOW + HOUR, {})


@pytest.mark.parametrize(
    ("consents", "enrols", "own"),
    [
        pytest.param(RECEPTION, RECEPTION, False, id="neither"),
        pytest.param(DOCTOR, RECEPTION, True, id="the consent"),
        pytest.param(RECEPTION, DOCTOR, True, id="the face"),
        pytest.param(RECEPTION, Actor("other", ("D-2",)), False, id="of another practitioner"),
    ],
)
async def test_who_bills_it_made_the_face_before_it_was_booked(
    clinic: Clinic, consents: Actor, enrols: Actor, own: bool
) -> None:
    await furnish(clinic, consents, enrols)
    appointment_id, _ = await clinic.ids(1)
    made = (await facts(clinic).undone(NOW)).by_biller
    assert made == (frozenset({appointment_id}) if own else frozenset())
    alone = await clinic.proposal(1)
    # Whatever the service believed: the transaction looks by itself.
    recorded = await clinic.check_ins().record(alone)
    assert recorded is (Recorded.REFUSED_BLOCKED if own else Recorded.WRITTEN)
    looked = replace(await clinic.proposal(1), decided_by="nina")
    again = await clinic.check_ins().record(looked)
    assert again is (Recorded.WRITTEN if own else Recorded.DUPLICATE)
    (piece,) = await evidence(clinic)
    assert ("D-1" in piece.produced_by) is own


async def test_an_account_says_whom_somebody_at_the_machine_bills_for(clinic: Clinic) -> None:
    accounts = PostgresAccounts(clinic.database.postgres, SITE.id)
    await accounts.add(NewAccount("doctor", (Role.PRACTITIONER,), ("D-1",)), SERVICE, NOW)
    await furnish(clinic, RECEPTION, Actor("doctor", at_terminal=True))
    assert (await facts(clinic).undone(NOW)).by_biller


async def test_another_practitioners_visit_arrives_and_proves_nothing_for_the_first(
    clinic: Clinic,
) -> None:
    """Nor does it serve what the first books after the patient was seen."""
    await furnish(clinic, RECEPTION, Actor("other", ("D-2",)))
    assert await clinic.check_ins().record(await clinic.proposal(1)) is Recorded.WRITTEN
    theirs = replace(booking(2, 1), practitioner_ref="D-2", practitioner_name="Dr Two", room="2")
    await clinic.import_bookings(moved(theirs, 0.5))
    assert await facts(clinic).late_bookings(NOW) == []
    await clinic.import_bookings(moved(booking(3, 1), 0.5))
    (found,) = await facts(clinic).late_bookings(NOW)
    assert found.practitioner_ref == "D-1"
    (piece,) = await evidence(clinic)
    assert piece.produced_by == ("D-2",)


async def test_what_was_another_ones_before_is_no_way_round(clinic: Clinic) -> None:
    await furnish(clinic, RECEPTION, DOCTOR)
    appointment_id, _ = await clinic.ids(1)
    other = replace(booking(1), practitioner_ref="D-2", practitioner_name="Dr Two")
    await clinic.import_bookings(other, by=RECEPTION)
    assert (await facts(clinic).undone(NOW)).by_biller == {appointment_id}
    recorded = await clinic.check_ins().record(await clinic.proposal(1))
    assert recorded is Recorded.REFUSED_BLOCKED


async def test_enrolled_anew_by_another_and_upon_another_consent_it_arrives(clinic: Clinic) -> None:
    await furnish(clinic, DOCTOR, DOCTOR)
    await clinic.consent(consent("P-1", "C-2"), by=RECEPTION)
    assert (await facts(clinic).undone(NOW)).by_biller, "the face is still the doctor's work"
    await enrol(clinic, RECEPTION)
    assert not (await facts(clinic).undone(NOW)).by_biller
    assert await clinic.check_ins().record(await clinic.proposal(1)) is Recorded.WRITTEN


async def test_what_is_cancelled_counts_as_an_appointment_of_theirs(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))
    await clinic.import_bookings(booking(1))
    await clinic.execute("UPDATE appointments SET status = 'cancelled'")
    with pytest.raises(InputError, match="somebody else has to do this"):
        await clinic.consent(consent("P-1"), by=DOCTOR)
    await clinic.consent(consent("P-1"), by=RECEPTION)
    with pytest.raises(InputError, match="somebody else has to do this"):
        await enrol(clinic, DOCTOR)
    await clinic.execute(
        "UPDATE appointments SET starts_at = $1, ends_at = $2",
        NOW - timedelta(days=366),
        NOW - timedelta(days=365.9),
    )
    await enrol(clinic, DOCTOR)
