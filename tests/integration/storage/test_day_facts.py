"""What was undone today, and who was seen before an appointment was booked."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from streamer.checkin.afterwards import arrival_afterwards
from streamer.checkin.decision import ArrivalPolicy, AutoArrive
from streamer.domain.account import NewAccount
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.check_in import EvidenceGrade, Method, Recorded
from streamer.domain.decision import Reason
from streamer.domain.presence import Presence, PresenceFlag
from streamer.domain.report_wants import ReportWants
from streamer.domain.role import Role
from streamer.storage.accounts import PostgresAccounts
from streamer.storage.day_facts import PostgresDayFacts
from streamer.storage.presences import PostgresPresences
from streamer.storage.report_evidence import ReportEvidence
from streamer.storage.undo import PostgresUndo
from tests.integration.storage.clinic import (
    NOW,
    PACK,
    SITE,
    WINDOW,
    ZONE,
    Clinic,
    booking,
    moved,
    patient,
)
from tests.integration.storage.counter import KIOSK, Counter

POLICY = ArrivalPolicy(*WINDOW, AutoArrive.ALWAYS)


def facts(clinic: Clinic) -> PostgresDayFacts:
    return PostgresDayFacts(clinic.database.postgres, SITE.id, ZONE, *WINDOW)


async def seen(clinic: Clinic, minutes: float = 0, **changes: object) -> Presence:
    appointment_id, patient_id = await clinic.ids(1)
    presence = Presence(
        uuid4(),
        SITE.id,
        patient_id,
        appointment_id,
        PresenceFlag.EARLY,
        Method.FACE,
        EvidenceGrade.FACE,
        NOW + timedelta(minutes=minutes),
        "main",
        "lobby-1",
        score=4.5,
        threshold=4.0,
        pack_id=PACK,
    )
    made = replace(presence, **changes)  # type: ignore[arg-type]
    store = PostgresPresences(clinic.database.postgres, clinic.clock, ZONE)
    assert await store.record(made) is Recorded.WRITTEN
    return made


@pytest.mark.parametrize(("issuer", "found"), [("D-1", False), ("D-9", True)])
async def test_a_code_by_who_bills_the_booking_brings_nobody_to_it(
    clinic: Clinic, issuer: str, found: bool
) -> None:
    """It stayed good, as there was nothing to arrive at when it was shown."""
    await clinic.import_patients(patient(1))
    counter = Counter(clinic)
    await clinic.import_patients(replace(patient(1), phone="+77012345678"))
    clinic.clock.advance(25 * 3600)
    now = clinic.clock.now()
    issued = await counter.issue(1, send=True, by=Actor("doctor", (issuer,)))
    assert issued.grade is EvidenceGrade.CODE
    shown = await counter.redeem(issued.secret, device=KIOSK, by=())
    assert shown.reason is Reason.NO_APPOINTMENT
    await clinic.import_bookings(moved(booking(1), 25))
    assert bool(await facts(clinic).late_bookings(now)) is found
    assert await clinic.row("SELECT issuer_refs FROM presences") == ([issuer],)
    base = clinic.database
    async with base.postgres.transaction() as connection:
        read = ReportEvidence(connection, SITE.id, ReportWants(after=timedelta(hours=1)), {})
        (piece,) = await read.between(now - timedelta(hours=1), now + timedelta(hours=1), {})
    assert piece.produced_by == (issuer,)


async def test_who_arrived_arrives_at_what_is_booked_since(clinic: Clinic) -> None:
    """The doctor sends the patient to the laboratory: the camera has seen them at nine."""
    await clinic.expect(1)
    first = await clinic.proposal(1)
    await clinic.check_ins().record(first)
    assert await facts(clinic).late_bookings(NOW) == []
    await clinic.import_bookings(moved(booking(2, patient_number=1), 0.75))
    (found,) = await facts(clinic).late_bookings(NOW)
    laboratory, patient_id = await clinic.ids(2)
    assert (found.appointment.appointment_id, found.practitioner_ref) == (laboratory, "D-1")
    check_in = arrival_afterwards(found, POLICY, {}, SITE.id)
    assert check_in is not None
    assert (check_in.appointment_id, check_in.patient_id) == (laboratory, patient_id)
    assert (check_in.occurred_at, check_in.method, check_in.score) == (NOW, Method.FACE, 0.75)
    assert await clinic.check_ins().record(check_in) is Recorded.WRITTEN
    # Found or not, again or by another process: it is one event.
    assert await facts(clinic).late_bookings(NOW) == []
    assert await clinic.check_ins().record(check_in) is Recorded.DUPLICATE
    assert {one.status for one in await clinic.appointments()} == {"arrived"}


async def test_who_was_early_arrives_when_the_appointment_is_moved_near(clinic: Clinic) -> None:
    await clinic.import_patients()
    await clinic.expect(1)
    later = moved(booking(1), 2)
    await clinic.import_bookings(later)
    presence = await seen(clinic)
    assert await facts(clinic).late_bookings(NOW) == []
    await clinic.import_bookings(booking(1))
    (found,) = await facts(clinic).late_bookings(NOW)
    assert [one.source_id for one in found.sightings] == [presence.presence_id]


async def test_the_earliest_fitting_sighting_counts(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.execute("UPDATE consents SET recorded_at = $1", NOW - timedelta(days=1))
    await seen(clinic, -70)
    second = await seen(clinic, -50)
    await seen(clinic, -20)
    (found,) = await facts(clinic).late_bookings(NOW)
    assert len(found.sightings) == 2, "one lies before the window"
    check_in = arrival_afterwards(found, POLICY, {}, SITE.id)
    assert check_in is not None
    assert check_in.occurred_at == second.occurred_at


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE appointments SET status = 'cancelled'",
        "UPDATE appointments SET status = 'noshow'",
        "UPDATE appointments SET place = 'home'",
        "UPDATE consents SET status = 'inactive'",
        "UPDATE patients SET is_staff = true",
        "UPDATE presences SET evidence = 'desk_code'",
        "UPDATE presences SET occurred_at = occurred_at - interval '1 day'",
        "INSERT INTO face_blocks SELECT patient_id, '2026-11-23', 'test-1', 1, now(), 'x' "
        "FROM patients",
    ],
)
async def test_whom_no_earlier_sighting_serves(clinic: Clinic, change: str) -> None:
    await clinic.expect(1)
    await seen(clinic)
    assert len(await facts(clinic).late_bookings(NOW)) == 1
    await clinic.execute(change)
    assert await facts(clinic).late_bookings(NOW) == []


async def test_whoever_confirmed_what_was_seen_bills_no_visit_by_it(clinic: Clinic) -> None:
    """The practitioner confirms a walk-in's early sighting, and is then given the visit."""
    await clinic.expect(1)
    await seen(clinic, decided_by="doctor")
    (found,) = await facts(clinic).late_bookings(NOW)
    assert arrival_afterwards(found, POLICY, {"doctor": "D-1"}, SITE.id) is None
    other = arrival_afterwards(found, POLICY, {"doctor": "D-2"}, SITE.id)
    assert other is not None
    assert other.decided_by == "doctor"


async def test_who_bills_it_by_their_account_has_confirmed_what_was_seen(clinic: Clinic) -> None:
    await clinic.expect(1)
    await seen(clinic, decided_by="Aigul (through reception)")
    (found,) = await facts(clinic).late_bookings(NOW)
    assert arrival_afterwards(found, POLICY, {}, SITE.id) is not None
    accounts = PostgresAccounts(clinic.database.postgres, SITE.id)
    await accounts.add(NewAccount("aigul", (Role.PRACTITIONER,), ("D-1",)), SERVICE, NOW)
    (found,) = await facts(clinic).late_bookings(NOW)
    assert arrival_afterwards(found, POLICY, {}, SITE.id) is None


async def test_what_was_undone_is_not_done_again_by_an_earlier_sighting(clinic: Clinic) -> None:
    await clinic.expect(1)
    await seen(clinic)
    await clinic.check_ins().record(await clinic.proposal(1))
    undo = PostgresUndo(clinic.database.postgres, clinic.clock, clinic.schedules(), SITE.id, ZONE)
    await undo.undo("A-1", Actor("aigul"), "left again", False)
    assert await facts(clinic).late_bookings(NOW) == []


async def test_what_was_undone_today(clinic: Clinic) -> None:
    appointment_id, patient_id = await clinic.expect(1)
    assert not (await facts(clinic).undone(NOW)).appointments
    await clinic.check_ins().record(await clinic.proposal(1))
    undo = PostgresUndo(clinic.database.postgres, clinic.clock, clinic.schedules(), SITE.id, ZONE)
    await undo.undo("A-1", Actor("aigul"), "somebody else", True)
    undone = await facts(clinic).undone(NOW)
    assert undone.appointments == {appointment_id}
    assert undone.blocks(patient_id, NOW, ZONE)
    # 19:00 UTC is tomorrow in Almaty.
    assert not undone.blocks(patient_id, NOW + timedelta(hours=15), ZONE)
    tomorrow = await facts(clinic).undone(NOW + timedelta(days=1))
    assert (tomorrow.appointments, tomorrow.blocked) == (frozenset(), frozenset())
