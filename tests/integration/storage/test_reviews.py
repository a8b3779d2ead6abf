"""A decision and its check-ins are written together, once; rejections are read back for the day."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from streamer.domain.actor import Actor
from streamer.domain.check_in import CheckIn, Recorded
from streamer.domain.decision import Reason
from streamer.domain.identity import Band
from streamer.domain.review import ReviewDecision, ReviewRecord, Written
from streamer.errors import InputError
from tests.integration.storage.clinic import NOW, Clinic, booking

DESK = Actor("aigul")


def record(
    patient_id: UUID,
    decision: ReviewDecision = ReviewDecision.CONFIRMED,
    *,
    review_id: UUID | None = None,
    appointments: tuple[UUID, ...] = (),
    lead: bool = True,
    score: float = 4.5,
    band: Band = Band.ACCEPT,
) -> ReviewRecord:
    return ReviewRecord(
        review_id or uuid4(),
        patient_id,
        lead,
        appointments,
        "lobby-1",
        Reason.NOT_CALIBRATED,
        band,
        score,
        4.0,
        "open",
        decision,
        "aigul",
        NOW,
        NOW,
    )


async def written(deciding: Awaitable[Written]) -> list[Recorded]:
    return list((await deciding).check_ins)


async def looked_at(clinic: Clinic, number: int) -> CheckIn:
    return replace(await clinic.proposal(number), decided_by="aigul")


async def test_a_confirmation_arrives_once_however_often_it_is_sent(any_clinic: Clinic) -> None:
    clinic = any_clinic
    appointment_id, patient_id = await clinic.expect(1)
    made = record(patient_id, appointments=(appointment_id,))
    check_in = await looked_at(clinic, 1)
    store = clinic.reviews()
    assert await written(store.decide([made], [check_in], DESK)) == [Recorded.WRITTEN]
    assert await written(store.decide([made], [check_in], DESK)) == [Recorded.DUPLICATE]
    (row,) = await clinic.listed_check_ins()
    assert (row.method, row.evidence, row.decided_by, row.status) == (
        "face",
        "face",
        "aigul",
        "arrived",
    )
    assert await clinic.count("reviews") == 1


async def test_two_who_confirm_at_once_write_one_check_in(clinic: Clinic) -> None:
    appointment_id, patient_id = await clinic.expect(1)
    store, check_in = clinic.reviews(), await looked_at(clinic, 1)
    made = [record(patient_id, appointments=(appointment_id,)) for _ in range(8)]
    results = await asyncio.gather(
        *(written(store.decide([one], [replace(check_in, event_id=uuid4())], DESK)) for one in made)
    )
    assert sorted(one.value for (one,) in results) == ["duplicate"] * 7 + ["written"]
    assert await clinic.count("check_ins") == 1


async def test_two_visits_are_arrived_at_together(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.import_bookings(booking(2, 1))
    first, second = await clinic.ids(1), await clinic.ids(2)
    proposal = await looked_at(clinic, 1)
    check_ins = [
        replace(proposal, event_id=uuid4(), appointment_id=one) for one, _ in (second, first)
    ]
    made = record(first[1], appointments=(first[0], second[0]))
    assert await written(clinic.reviews().decide([made], check_ins, DESK)) == [Recorded.WRITTEN] * 2
    assert {one.status for one in await clinic.appointments()} == {"arrived"}


async def test_after_a_withdrawal_a_confirmation_writes_no_check_in(clinic: Clinic) -> None:
    appointment_id, patient_id = await clinic.expect(1)
    check_in = await looked_at(clinic, 1)
    await clinic.withdraw(1)
    store = clinic.reviews()
    assert (await store.describe([patient_id], [appointment_id])).patients == {}
    assert await written(store.decide([record(patient_id)], [check_in], DESK)) == [
        Recorded.REFUSED_CONSENT
    ]
    assert await clinic.count("check_ins") == 0
    # That a person looked, and what they said, is a fact all the same.
    assert await clinic.count("reviews") == 1


async def test_what_was_decided_one_way_is_not_decided_another(clinic: Clinic) -> None:
    _, patient_id = await clinic.expect(1)
    check_in = await looked_at(clinic, 1)
    rejected = record(patient_id, ReviewDecision.REJECTED)
    store = clinic.reviews()
    await store.decide([rejected], [], DESK)
    with pytest.raises(InputError, match="decided before \\(rejected\\)"):
        await store.decide([replace(rejected, decision=ReviewDecision.CONFIRMED)], [check_in], DESK)
    assert await clinic.count("check_ins") == 0


async def test_rejections_of_the_day_are_read_back(clinic: Clinic) -> None:
    (_, anna), (_, bota) = await clinic.expect(1), await clinic.expect(2)
    store = clinic.reviews()
    yesterday = record(bota, ReviewDecision.REJECTED)
    await store.decide([replace(yesterday, decided_at=NOW - timedelta(days=1))], [], DESK)
    await store.decide([record(anna, ReviewDecision.REJECTED, score=4.7)], [], DESK)
    await store.decide([record(bota, ReviewDecision.OTHER)], [], DESK)
    (found,) = await store.rejections_of(NOW)
    assert (found.patient_id, found.score, found.decided_at) == (anna, 4.7, NOW)
    assert [one.patient_id for one in await store.rejections_of(NOW - timedelta(days=1))] == [bota]
    assert await store.rejections_of(NOW + timedelta(days=1)) == []


async def test_references_and_what_is_still_open(clinic: Clinic) -> None:
    (first, anna), (second, bota) = await clinic.expect(1), await clinic.expect(2)
    await clinic.check_ins().record(await clinic.proposal(2))
    found = await clinic.reviews().describe([anna, bota, uuid4()], [first, second])
    assert found.consenting(NOW) == {anna: "P-1", bota: "P-2"}
    assert {key: one.appointment_ref for key, one in found.appointments.items()} == {
        first: "A-1",
        second: "A-2",
    }
    assert found.appointments[first].practitioner == "Dr One"
    assert found.open == {first}
