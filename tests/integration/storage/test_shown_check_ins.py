"""Check-ins that rest on no face are written by one statement: it decides as the others do."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from tests.integration.storage.clinic import NOW, WINDOW, Clinic

SECOND = timedelta(seconds=1)


async def shown(clinic: Clinic) -> CheckIn:
    """A code of patient 1 at their appointment, which is expected now."""
    await clinic.expect(1)
    return replace(
        await clinic.proposal(1),
        method=Method.CODE,
        evidence=EvidenceGrade.DESK_CODE,
        camera_id=None,
        score=None,
        threshold=None,
        pack_id=None,
    )


async def test_what_stands_in_the_way(clinic: Clinic) -> None:
    check_in = await shown(clinic)
    check_ins = clinic.check_ins()
    for change, recorded in {
        "UPDATE appointments SET status = 'cancelled'": Recorded.REFUSED_STATUS,
        "UPDATE appointments SET status = 'arrived'": Recorded.REFUSED_STATUS,
        "UPDATE appointments SET status = 'pending', place = 'remote'": Recorded.REFUSED_WINDOW,
        "UPDATE appointments SET place = 'site'; UPDATE patients SET deceased_on = "
        f"'{NOW.date() - timedelta(days=1)}'": Recorded.REFUSED_UNKNOWN,
    }.items():
        await clinic.execute(change)
        assert await check_ins.record(check_in) is recorded, change
    for wrong in (
        replace(check_in, appointment_id=uuid4()),
        replace(check_in, patient_id=uuid4()),
        replace(check_in, site_id="another"),
    ):
        assert await check_ins.record(wrong) is Recorded.REFUSED_UNKNOWN
    assert await clinic.count("check_ins") == 0
    assert await clinic.count("status_changes") == 0


async def test_the_window_is_half_open(clinic: Clinic) -> None:
    check_in = await shown(clinic)
    (appointment,) = await clinic.appointments()
    opens = appointment.starts_at - WINDOW[0]
    closes = appointment.starts_at + WINDOW[1]
    check_ins = clinic.check_ins()
    for moment in (opens - SECOND, closes):
        early_or_late = replace(check_in, occurred_at=moment)
        assert await check_ins.record(early_or_late) is Recorded.REFUSED_WINDOW
    last = replace(check_in, occurred_at=closes - SECOND)
    assert await check_ins.record(last) is Recorded.WRITTEN
    # What was written before is no refusal, whatever has become of its grounds.
    assert await check_ins.record(replace(last, occurred_at=closes)) is Recorded.DUPLICATE


async def test_of_twenty_at_once_one_is_written(clinic: Clinic) -> None:
    check_in = await shown(clinic)
    check_ins = clinic.check_ins()
    results = await asyncio.gather(
        *(check_ins.record(replace(check_in, event_id=uuid4())) for _ in range(20))
    )
    assert sorted(results) == [Recorded.DUPLICATE] * 19 + [Recorded.WRITTEN]
    assert await clinic.count("status_changes") == 1
    assert [one.status for one in await clinic.appointments()] == ["arrived"]


async def test_what_is_on_its_way_is_waited_for(clinic: Clinic) -> None:
    """The statement began before it: what it decides upon is what is committed by then."""
    check_in = await shown(clinic)
    check_ins = clinic.check_ins()
    for meanwhile, recorded in (
        ("UPDATE appointments SET status = 'cancelled'", Recorded.REFUSED_STATUS),
        ("UPDATE appointments SET status = 'booked'", Recorded.WRITTEN),
        (
            "UPDATE check_ins SET undone_at = now(), undone_by = 'x', undone_reason = 'x'; "
            "UPDATE appointments SET status = 'booked'",
            Recorded.WRITTEN,
        ),
        ("UPDATE appointments SET status = 'noshow'", Recorded.DUPLICATE),
    ):
        async with clinic.database.postgres.transaction() as connection:
            await connection.execute(meanwhile)
            recording = asyncio.create_task(check_ins.record(replace(check_in, event_id=uuid4())))
            await asyncio.sleep(0.2)
            assert not recording.done()
        assert await recording is recorded, meanwhile
    assert await clinic.count("status_changes") == 2
