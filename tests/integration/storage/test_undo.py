"""Taking a check-in back, and checking in by hand: what is written, refused, and never written."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest

from streamer.domain.actor import Actor
from streamer.domain.check_in import EvidenceGrade, Method, Recorded
from streamer.errors import InputError
from streamer.storage.undo import PostgresUndo, UndoneCheckIn
from tests.integration.storage.clinic import NOW, SITE, ZONE, Clinic, booking

DESK = Actor("aigul")
# Bills the patients of this clinic; see `booking`.
DOCTOR = Actor("askar", ("D-1",))


def undoing(clinic: Clinic) -> PostgresUndo:
    return PostgresUndo(clinic.database.postgres, clinic.clock, clinic.schedules(), SITE.id, ZONE)


async def undo(clinic: Clinic, ref: str = "A-1", wrong_person: bool = False) -> UndoneCheckIn:
    return await undoing(clinic).undo(ref, DESK, "taken for another", wrong_person)


async def status(clinic: Clinic, ref: str = "A-1") -> str:
    (row,) = [one for one in await clinic.appointments() if one.appointment_ref == ref]
    return row.status


async def test_an_undo_is_recorded_and_leaves_the_appointment_booked(clinic: Clinic) -> None:
    await clinic.expect(1)
    proposal = await clinic.proposal(1)
    await clinic.check_ins().record(proposal)
    clinic.clock.advance(60)
    done = await undo(clinic)
    assert (done.appointment_ref, done.patient_ref, done.method) == ("A-1", "P-1", "face")
    assert (done.occurred_at, done.blocked, done.same_sighting) == (NOW, False, ())
    assert await status(clinic) == "booked"
    undone = await clinic.row("SELECT undone_at, undone_by, undone_reason FROM check_ins")
    assert undone == (NOW + timedelta(seconds=60), "aigul", "taken for another")
    change = await clinic.row(
        "SELECT event_id, from_status, to_status, changed_by, reason FROM status_changes "
        "ORDER BY change_id DESC LIMIT 1"
    )
    assert change == (proposal.event_id, "arrived", "booked", "aigul", "taken for another")
    assert await clinic.listed_check_ins() == []
    with pytest.raises(InputError, match="no check-in in force"):
        await undo(clinic)


async def test_the_same_event_is_never_written_again(clinic: Clinic) -> None:
    """It may still wait in the spool of a service that was killed after the commit."""
    await clinic.expect(1)
    proposal = await clinic.proposal(1)
    await clinic.check_ins().record(proposal)
    await undo(clinic)
    assert await clinic.check_ins().record(proposal) is Recorded.DUPLICATE
    assert await status(clinic) == "booked"


async def test_undone_while_it_is_delivered_again(clinic: Clinic) -> None:
    await clinic.expect(1)
    proposal = await clinic.proposal(1)
    check_ins = clinic.check_ins()
    await check_ins.record(proposal)
    _, *again = await asyncio.gather(
        undo(clinic),
        *(check_ins.record(proposal) for _ in range(10)),
        *(check_ins.record(replace(proposal, event_id=uuid4())) for _ in range(10)),
    )
    assert set(again) <= {Recorded.DUPLICATE, Recorded.REFUSED_BLOCKED}
    assert await status(clinic) == "booked"


async def test_of_two_who_undo_at_once_one_does(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.check_ins().record(await clinic.proposal(1))
    results = await asyncio.gather(undo(clinic), undo(clinic), return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["InputError", "UndoneCheckIn"]
    assert await clinic.count("status_changes") == 2


@pytest.mark.parametrize("gone_on", ["checked-in", "fulfilled", "cancelled", "noshow"])
async def test_what_the_clinic_has_gone_on_with_is_not_taken_back(
    clinic: Clinic, gone_on: str
) -> None:
    await clinic.expect(1)
    await clinic.check_ins().record(await clinic.proposal(1))
    await clinic.execute("UPDATE appointments SET status = $1", gone_on)
    for wrong_person in (False, True):
        with pytest.raises(InputError, match=f"A-1: is {gone_on} in the clinic's system"):
            await undo(clinic, wrong_person=wrong_person)
    assert await status(clinic) == gone_on
    assert await clinic.count("face_blocks") == 0
    assert len(await clinic.listed_check_ins()) == 1


async def test_nothing_to_undo(clinic: Clinic) -> None:
    await clinic.expect(1)
    with pytest.raises(InputError, match="A-9: is not known"):
        await undo(clinic, "A-9")
    with pytest.raises(InputError, match="has no check-in in force \\(its status is booked\\)"):
        await undo(clinic)


async def test_the_wrong_person_arrives_nowhere_that_day(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.import_bookings(booking(2, patient_number=1), booking(3, patient_number=1))
    check_ins, first = clinic.check_ins(), await clinic.proposal(1)
    await check_ins.record(first)
    await check_ins.record(await clinic.proposal(2))
    done = await undo(clinic, wrong_person=True)
    assert (done.blocked, done.same_sighting) == (True, ("A-2",))
    assert await clinic.row("SELECT day::text, score, blocked_by FROM face_blocks") == (
        "2026-11-23",
        0.75,
        "aigul",
    )
    for number in (1, 3):
        again = replace(await clinic.proposal(number), decided_by="reception")
        assert await check_ins.record(again) is Recorded.REFUSED_BLOCKED
    # The patient has other ways, and tomorrow the face counts again.
    coded = {"method": Method.CODE, "evidence": EvidenceGrade.CODE, "event_id": uuid4()}
    assert await check_ins.record(replace(first, **coded)) is Recorded.WRITTEN  # type: ignore[arg-type]
    assert (await undo(clinic, "A-2", wrong_person=True)).blocked, "twice is fine"


async def test_a_face_on_its_way_meets_the_block(clinic: Clinic) -> None:
    """The block waits for check-ins by face that are being written, and they for it."""
    await clinic.expect(1)
    await clinic.import_bookings(*(booking(number, patient_number=1) for number in range(2, 12)))
    check_ins = clinic.check_ins()
    await check_ins.record(await clinic.proposal(1))
    proposals = [await clinic.proposal(number) for number in range(2, 12)]
    done, *others = await asyncio.gather(
        undo(clinic, wrong_person=True), *(check_ins.record(one) for one in proposals)
    )
    assert isinstance(done, UndoneCheckIn)
    written = {one for one in others if one is Recorded.WRITTEN}
    assert set(others) - written <= {Recorded.REFUSED_BLOCKED}
    assert await check_ins.record(await clinic.proposal(1)) is Recorded.REFUSED_BLOCKED


async def test_only_a_face_can_be_somebody_else(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.by_hand().add("A-1", DESK, "no camera")
    with pytest.raises(InputError, match="rests on no face \\(manual\\)"):
        await undo(clinic, wrong_person=True)
    assert await status(clinic) == "arrived"
    await undo(clinic)
    assert await status(clinic) == "booked"


async def test_the_schedule_hears_of_it(clinic: Clinic) -> None:
    told: list[object] = []

    class Listener:
        async def invalidate_patient(self, patient_id: object, moment: object) -> None:
            told.append((patient_id, moment))

    _, patient_id = await clinic.expect(1)
    await clinic.check_ins().record(await clinic.proposal(1))
    store = PostgresUndo(clinic.database.postgres, clinic.clock, Listener(), SITE.id, ZONE)
    await store.undo("A-1", DESK, "why", False)
    assert told == [(patient_id, booking(1).starts_at)]


async def test_who_bills_the_patient_neither_undoes_nor_adds(clinic: Clinic) -> None:
    await clinic.expect(1)
    with pytest.raises(InputError, match="is practitioner D-1"):
        await clinic.by_hand().add("A-1", DOCTOR, "he was here")
    assert await status(clinic) == "booked"
    await clinic.check_ins().record(await clinic.proposal(1))
    with pytest.raises(InputError, match="is practitioner D-1"):
        await undoing(clinic).undo("A-1", DOCTOR, "why", False)
    assert await status(clinic) == "arrived"


async def test_by_hand(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.withdraw(1)
    done = await clinic.by_hand().add("A-1", DESK, "phone is broken")
    assert (done.appointment_ref, done.patient_ref, done.occurred_at) == ("A-1", "P-1", NOW)
    (row,) = await clinic.listed_check_ins()
    assert (row.method, row.evidence, row.decided_by) == ("manual", "manual", "aigul")
    assert (row.note, row.camera, row.score) == ("phone is broken", None, None)
    with pytest.raises(InputError, match="checked in already"):
        await clinic.by_hand().add("A-1", DESK, "again")


async def test_by_hand_afterwards(clinic: Clinic) -> None:
    """The machine stood still all morning; at 17:00 it is written down who came."""
    await clinic.expect(1)
    clinic.clock.advance(8 * 3600)
    hand = clinic.by_hand()
    with pytest.raises(InputError, match=r"starts at 2026-11-23 10:00.*say when"):
        await hand.add("A-1", DESK, "power cut")
    with pytest.raises(InputError, match="arrival window does not hold"):
        await hand.add("A-1", DESK, "power cut", NOW + timedelta(hours=2))
    with pytest.raises(InputError, match="is still to come"):
        await hand.add("A-1", DESK, "power cut", NOW + timedelta(hours=9))
    with pytest.raises(InputError, match="more than 3 days ago"):
        await hand.add("A-1", DESK, "power cut", NOW - timedelta(days=3, hours=9, seconds=1))
    far_east = timezone(timedelta(hours=14))
    for edge in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=far_east)):
        with pytest.raises(InputError, match=r"time \d+-"):
            await hand.add("A-1", DESK, "power cut", edge)
    at = NOW + timedelta(minutes=50)
    assert (await hand.add("A-1", DESK, "power cut", at)).occurred_at == at
    assert await status(clinic) == "arrived"


async def test_a_sheet_of_the_day_before_is_entered_by_its_own_times(clinic: Clinic) -> None:
    """The power came back at night; on the third day it is too late."""
    await clinic.expect(1)
    await clinic.expect(2)
    clinic.clock.advance(3 * 24 * 3600)
    at = NOW + timedelta(minutes=50)
    assert (await clinic.by_hand().add("A-1", DESK, "power cut", at)).occurred_at == at
    assert await clinic.row("SELECT occurred_at, method FROM check_ins") == (at, "manual")
    clinic.clock.advance(24 * 3600)
    with pytest.raises(InputError, match="more than 3 days ago") as refused:
        await clinic.by_hand().add("A-2", DESK, "power cut", at)
    assert (refused.value.code, refused.value.values) == ("too_long_ago", {"days": "3"})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE appointments SET status = 'cancelled'", "is cancelled; only what is booked"),
        ("UPDATE appointments SET status = 'noshow'", "is noshow in the clinic's system"),
        ("UPDATE appointments SET place = 'home'", "one of the kind home"),
        ("UPDATE patients SET deceased_on = '2026-11-22'", "can't come in any more"),
    ],
)
async def test_what_cannot_be_done_by_hand(clinic: Clinic, change: str, why: str) -> None:
    await clinic.expect(1)
    await clinic.execute(change)
    with pytest.raises(InputError, match=why):
        await clinic.by_hand().add("A-1", DESK, "why not")
    assert await clinic.count("check_ins") == 0
