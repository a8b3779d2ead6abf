import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from streamer.domain.check_in import EvidenceGrade, Method, Recorded
from tests.integration.storage.clinic import NOW, Clinic, booking
from tests.integration.storage.racing import raced


async def _assert_untouched(clinic: Clinic) -> None:
    assert await clinic.count("check_ins") == 0
    assert [one.status for one in await clinic.appointments()] == ["booked"]


async def test_written_once_and_listed(any_clinic: Clinic) -> None:
    await any_clinic.expect(1)
    proposal = await any_clinic.proposal(1)
    check_ins = any_clinic.check_ins()
    assert await check_ins.record(proposal) is Recorded.WRITTEN
    assert await check_ins.record(proposal) is Recorded.DUPLICATE
    assert await check_ins.record(replace(proposal, event_id=uuid4())) is Recorded.DUPLICATE
    (listed,) = await any_clinic.listed_check_ins()
    assert (listed.appointment_ref, listed.patient_ref) == ("A-1", "P-1")
    assert (listed.method, listed.evidence, listed.camera) == ("face", "face", "lobby-1")
    assert (listed.score, listed.threshold) == (0.75, 0.67)
    assert listed.occurred_at == NOW
    assert listed.recorded_at.tzinfo is not None
    assert listed.status == "arrived"


@pytest.mark.parametrize("same_event", [True, False])
async def test_fifty_at_once_from_four_processes_leave_one(
    any_clinic: Clinic, any_migrated_url: str, tmp_path: Path, same_event: bool
) -> None:
    """Which is more than one service may have: a spool that was copied, a service started twice."""
    await any_clinic.expect(1)
    proposal = await any_clinic.proposal(1)
    events = [proposal.event_id if same_event else uuid4() for _ in range(50)]
    results = await raced(
        any_migrated_url,
        tmp_path / "kirdi.key",
        [[replace(proposal, event_id=one) for one in events[part::4]] for part in range(4)],
    )
    assert sorted(results) == [Recorded.DUPLICATE] * 49 + [Recorded.WRITTEN]
    assert await any_clinic.count("check_ins") == 1
    assert await any_clinic.count("status_changes") == 1


async def test_one_event_serves_one_appointment(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.import_bookings(booking(2, patient_number=1))
    one = await clinic.proposal(1)
    other = replace(await clinic.proposal(2), event_id=one.event_id)
    check_ins = clinic.check_ins()
    results = await asyncio.gather(check_ins.record(one), check_ins.record(other))
    assert sorted(results) == [Recorded.DUPLICATE, Recorded.WRITTEN]
    assert sorted(one.status for one in await clinic.appointments()) == ["arrived", "booked"]


@pytest.mark.parametrize(
    ("status", "recorded"),
    [
        ("pending", Recorded.WRITTEN),
        ("proposed", Recorded.REFUSED_STATUS),
        ("arrived", Recorded.REFUSED_STATUS),
        ("checked-in", Recorded.REFUSED_STATUS),
        ("fulfilled", Recorded.REFUSED_STATUS),
        ("cancelled", Recorded.REFUSED_STATUS),
        ("noshow", Recorded.REFUSED_STATUS),
        ("entered-in-error", Recorded.REFUSED_STATUS),
    ],
)
async def test_only_an_expected_appointment_arrives(
    clinic: Clinic, status: str, recorded: Recorded
) -> None:
    await clinic.expect(1)
    await clinic.execute("UPDATE appointments SET status = $1", status)
    assert await clinic.check_ins().record(await clinic.proposal(1)) is recorded
    (listed,) = await clinic.appointments()
    assert listed.status == ("arrived" if recorded is Recorded.WRITTEN else status)
    assert await clinic.count("check_ins") == (recorded is Recorded.WRITTEN)


async def test_what_is_unknown(clinic: Clinic) -> None:
    await clinic.expect(1)
    proposal = await clinic.proposal(1)
    check_ins = clinic.check_ins()
    for wrong in (
        replace(proposal, appointment_id=uuid4()),
        replace(proposal, patient_id=uuid4()),
        replace(proposal, site_id="another"),
    ):
        assert await check_ins.record(wrong) is Recorded.REFUSED_UNKNOWN
    await _assert_untouched(clinic)


async def test_no_consent_no_arrival(clinic: Clinic) -> None:
    await clinic.expect(1)
    proposal = await clinic.proposal(1)
    await clinic.withdraw(1)
    assert await clinic.check_ins().record(proposal) is Recorded.REFUSED_CONSENT
    await _assert_untouched(clinic)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE patients SET is_staff = true",
        "UPDATE patients SET deceased_on = '2026-11-22'",
        "UPDATE consents SET status = 'entered-in-error'",
    ],
)
async def test_whom_no_consent_covers(clinic: Clinic, change: str) -> None:
    await clinic.expect(1)
    await clinic.execute(change)
    proposal = await clinic.proposal(1)
    assert await clinic.check_ins().record(proposal) is Recorded.REFUSED_CONSENT
    await _assert_untouched(clinic)


async def test_a_consent_ends_while_a_check_in_waits(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.execute("UPDATE consents SET expires_at = $1", NOW + timedelta(seconds=10))
    proposal = await clinic.proposal(1)
    clinic.clock.advance(10)
    assert await clinic.check_ins().record(proposal) is Recorded.REFUSED_CONSENT
    await _assert_untouched(clinic)


async def test_a_withdrawal_on_its_way_is_waited_for(clinic: Clinic) -> None:
    await clinic.expect(1)
    proposal = await clinic.proposal(1)
    async with clinic.database.postgres.transaction() as connection:
        await connection.execute("UPDATE consents SET status = 'inactive', withdrawn_at = $1", NOW)
        recording = asyncio.create_task(clinic.check_ins().record(proposal))
        await asyncio.sleep(0.2)
        assert not recording.done()
    assert await recording is Recorded.REFUSED_CONSENT
    await _assert_untouched(clinic)


async def test_a_cancellation_on_its_way_is_waited_for(clinic: Clinic) -> None:
    await clinic.expect(1)
    proposal = await clinic.proposal(1)
    async with clinic.database.postgres.transaction() as connection:
        await connection.execute("UPDATE appointments SET status = 'cancelled'")
        recording = asyncio.create_task(clinic.check_ins().record(proposal))
        await asyncio.sleep(0.2)
        assert not recording.done()
    assert await recording is Recorded.REFUSED_STATUS
    assert [one.status for one in await clinic.appointments()] == ["cancelled"]


async def test_the_same_event_on_its_way_elsewhere_is_a_duplicate(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.import_bookings(booking(2, patient_number=1))
    proposal = await clinic.proposal(1)
    other, _ = await clinic.ids(2)
    async with clinic.database.postgres.transaction() as connection:
        await connection.execute(
            "INSERT INTO check_ins (event_id, site_id, appointment_id, patient_id, method, "
            "evidence, occurred_at) VALUES ($1, $2, $3, $4, 'face', 'face', $5)",
            *(proposal.event_id, proposal.site_id, other, proposal.patient_id, NOW),
        )
        recording = asyncio.create_task(clinic.check_ins().record(proposal))
        await asyncio.sleep(0.2)
        assert not recording.done()
    assert await recording is Recorded.DUPLICATE
    assert {one.status for one in await clinic.appointments()} == {"booked"}


async def test_a_replay_after_a_withdrawal_is_a_duplicate(clinic: Clinic) -> None:
    await clinic.expect(1)
    proposal = await clinic.proposal(1)
    await clinic.check_ins().record(proposal)
    await clinic.withdraw(1)
    assert await clinic.check_ins().record(proposal) is Recorded.DUPLICATE


async def test_an_undone_check_in_makes_room(clinic: Clinic) -> None:
    await clinic.expect(1)
    proposal = await clinic.proposal(1)
    check_ins = clinic.check_ins()
    await check_ins.record(proposal)
    await clinic.execute(
        "UPDATE check_ins SET undone_at = $1, undone_by = 'x', undone_reason = 'y'", NOW
    )
    await clinic.execute("UPDATE appointments SET status = 'booked'")
    assert await check_ins.record(proposal) is Recorded.DUPLICATE
    confirmed = replace(proposal, event_id=uuid4(), decided_by="reception")
    assert await check_ins.record(confirmed) is Recorded.WRITTEN
    assert len(await clinic.listed_check_ins()) == 1


CODE: dict[str, Any] = {"method": Method.CODE, "evidence": EvidenceGrade.CODE, "camera_id": None}


async def _undo(clinic: Clinic) -> None:
    await clinic.execute(
        "UPDATE check_ins SET undone_at = $1, undone_by = 'x', undone_reason = 'y'", NOW
    )
    await clinic.execute("UPDATE appointments SET status = 'booked'")


async def _block(clinic: Clinic, number: int, day: str) -> None:
    _, patient_id = await clinic.ids(number)
    await clinic.execute(
        "INSERT INTO face_blocks VALUES ($1, $2::text::date, 'test-1', NULL, $3, 'x')",
        *(patient_id, day, NOW),
    )


async def test_a_code_needs_no_consent(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.withdraw(1)
    await clinic.execute("UPDATE patients SET is_staff = true")
    coded = replace(await clinic.proposal(1), **CODE)
    assert await clinic.check_ins().record(coded) is Recorded.WRITTEN
    row = await clinic.row("SELECT consent_id IS NULL, method, evidence FROM check_ins")
    assert row == (True, "code", "code")


@pytest.mark.parametrize(
    ("died", "recorded"), [("2026-11-22", Recorded.REFUSED_UNKNOWN), ("2026-11-23", "written")]
)
async def test_the_dead_come_in_for_nothing(clinic: Clinic, died: str, recorded: str) -> None:
    await clinic.expect(1)
    await clinic.execute("UPDATE patients SET deceased_on = $1::text::date", died)
    coded = replace(await clinic.proposal(1), **CODE)
    assert await clinic.check_ins().record(coded) == recorded


@pytest.mark.parametrize("method", [Method.FACE, Method.DESK])
@pytest.mark.parametrize("decided_by", [None, "reception"])
async def test_a_blocked_face_arrives_nowhere_that_day(
    clinic: Clinic, method: Method, decided_by: str | None
) -> None:
    await clinic.expect(1)
    await _block(clinic, 1, "2026-11-23")
    proposal = replace(await clinic.proposal(1), method=method, decided_by=decided_by)
    assert await clinic.check_ins().record(proposal) is Recorded.REFUSED_BLOCKED
    await _assert_untouched(clinic)
    coded = replace(proposal, event_id=uuid4(), **CODE)
    assert await clinic.check_ins().record(coded) is Recorded.WRITTEN


async def test_a_block_ends_with_its_day(clinic: Clinic) -> None:
    await clinic.expect(1)
    await _block(clinic, 1, "2026-11-22")
    assert await clinic.check_ins().record(await clinic.proposal(1)) is Recorded.WRITTEN


async def test_after_an_undo_it_takes_a_person(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.check_ins().record(await clinic.proposal(1))
    await _undo(clinic)
    again = await clinic.proposal(1)
    assert await clinic.check_ins().record(again) is Recorded.REFUSED_BLOCKED
    confirmed = replace(again, decided_by="reception")
    assert await clinic.check_ins().record(confirmed) is Recorded.WRITTEN


async def test_every_arrival_leaves_its_provenance(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.execute("UPDATE appointments SET status = 'pending'")
    proposal = await clinic.proposal(1)
    manual = replace(
        proposal, method=Method.MANUAL, evidence=EvidenceGrade.MANUAL, decided_by="r", note="why"
    )
    await clinic.check_ins().record(manual)
    await clinic.check_ins().record(manual)
    assert await clinic.count("status_changes") == 1
    row = await clinic.row(
        "SELECT appointment_id, event_id, from_status, to_status, occurred_at, changed_by, reason "
        "FROM status_changes"
    )
    expected = (proposal.appointment_id, proposal.event_id, "pending", "arrived", NOW, "r", "why")
    assert row == expected
