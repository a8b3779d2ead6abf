import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest

from streamer.domain.actor import Actor
from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.booking import Booking
from streamer.domain.check_in import Recorded
from streamer.domain.rows import Rows
from streamer.errors import InputError
from streamer.exchange.appointments_csv import COLUMNS, read_appointments
from streamer.storage.appointments_import import AppointmentsImport
from streamer.storage.import_result import ImportResult
from streamer.storage.undo import PostgresUndo
from tests.integration.storage.clinic import HOUR, NOW, SITE, ZONE, Clinic, booking, moved, patient


@dataclass
class Told:
    days: list[date] = field(default_factory=list)

    async def invalidate(self, days: Sequence[date]) -> None:
        self.days += days


async def _run(
    clinic: Clinic, bookings: Sequence[Booking], told: Told | None = None
) -> ImportResult:
    imports = AppointmentsImport(clinic.database.postgres, SITE.id, ZONE, told or Told())
    return await imports.run(bookings, clinic.clock.now())


async def test_after_a_large_import_the_server_knows_its_tables(clinic: Clinic) -> None:
    known = "SELECT reltuples::int FROM pg_class WHERE oid = '{}'::regclass"
    await clinic.import_patients(*(patient(number) for number in range(500)))
    assert await clinic.row(known.format("patients")) == (500,)
    await clinic.import_bookings(*(booking(number, 1) for number in range(500)))
    assert await clinic.row(known.format("appointments")) == (500,)
    # That it cannot be done undoes no import.
    await clinic.execute("REVOKE EXECUTE ON FUNCTION kirdi_analyze() FROM kirdi_service")
    try:
        result = await clinic.import_bookings(*(booking(number, 1) for number in range(500, 1000)))
    finally:
        await clinic.execute("GRANT EXECUTE ON FUNCTION kirdi_analyze() TO kirdi_service")
    assert result.created == 500


async def test_the_second_time_nothing_changes(any_clinic: Clinic) -> None:
    await any_clinic.import_patients(patient(1), patient(2))
    both = (booking(1), replace(booking(2), walk_in=True, room="7", status_changed_at=NOW))
    assert await any_clinic.import_bookings(*both) == ImportResult(2, 0, 0)
    assert await any_clinic.import_bookings(*both) == ImportResult(0, 0, 2)
    listed = await any_clinic.appointments()
    assert [(one.appointment_ref, one.patient_ref, one.practitioner_ref) for one in listed] == [
        ("A-1", "P-1", "D-1"),
        ("A-2", "P-2", "D-1"),
    ]
    assert listed[1].room == "7"
    assert listed[0].starts_at == NOW + HOUR


@pytest.mark.parametrize(
    "changed",
    [
        moved(booking(1), 0.5),
        replace(booking(1), patient_ref="P-2"),
        replace(booking(1), practitioner_ref="D-2"),
        replace(booking(1), service_code="S2"),
        replace(booking(1), place=Place.HOME),
        replace(booking(1), building="main"),
        replace(booking(1), walk_in=True),
        replace(booking(1), status=AppointmentStatus.CANCELLED),
        replace(booking(1), status_changed_at=NOW - HOUR),
    ],
)
async def test_every_change_is_one_update(clinic: Clinic, changed: Booking) -> None:
    await clinic.import_patients(patient(1), patient(2))
    await clinic.import_bookings(booking(1))
    assert await clinic.import_bookings(changed) == ImportResult(0, 1, 0)
    clinic.clock.advance(60)
    assert await clinic.import_bookings(changed) == ImportResult(0, 0, 1)


async def test_one_bad_row_and_nothing_is_written(clinic: Clinic, tmp_path: Path) -> None:
    await clinic.import_patients(patient(1))
    values = "D-1,Dr One,S1,Consultation,2026-11-23T10:00,2026-11-23T11:00,booked"
    path = tmp_path / "day.csv"
    path.write_text(
        f"{','.join(COLUMNS.required)}\nA-1,P-1,{values}\n\nA-2,880101400126,{values}\n",
        encoding="utf-8",
    )
    told = Told()
    with pytest.raises(InputError, match=r"day\.csv line 4, column patient_ref: no pat") as caught:
        await _run(clinic, read_appointments(path, ZONE, ("main",)), told)
    assert "880101400126" not in str(caught.value)
    assert await clinic.count("appointments") == await clinic.count("practitioners") == 0
    assert told.days == []


async def test_duplicates_and_impossible_times_are_refused(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))
    with pytest.raises(InputError, match="record 2, column appointment_ref: stands there twice"):
        await clinic.import_bookings(booking(1), booking(1))
    with pytest.raises(InputError, match="record 1, column ends_at: is not after starts_at"):
        await clinic.import_bookings(replace(booking(1), ends_at=booking(1).starts_at))
    assert await clinic.count("appointments") == 0


async def test_arrived_stays_and_the_hospitals_word_wins(clinic: Clinic) -> None:
    await clinic.expect(1)
    assert await clinic.check_ins().record(await clinic.proposal(1)) is Recorded.WRITTEN
    assert await clinic.import_bookings(booking(1)) == ImportResult(0, 0, 1)
    stale = replace(booking(1), status=AppointmentStatus.PENDING, status_changed_at=NOW + HOUR)
    await clinic.import_bookings(stale)
    assert [one.status for one in await clinic.appointments()] == ["arrived"]
    done = replace(booking(1), status=AppointmentStatus.FULFILLED)
    assert await clinic.import_bookings(done) == ImportResult(0, 1, 0)
    assert await clinic.import_bookings(done) == ImportResult(0, 0, 1)
    assert [one.status for one in await clinic.appointments()] == ["fulfilled"]


async def test_evidence_is_not_moved_to_another_patient(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.import_patients(patient(2))
    await clinic.check_ins().record(await clinic.proposal(1))
    with pytest.raises(InputError, match="was checked in for another patient; undo"):
        await clinic.import_bookings(booking(1, patient_number=2))
    assert [one.patient_ref for one in await clinic.appointments()] == ["P-1"]


async def test_evidence_is_not_moved_to_another_day(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.check_ins().record(await clinic.proposal(1))
    assert await clinic.import_bookings(moved(booking(1), 2)) == ImportResult(0, 1, 0)
    tomorrow = moved(booking(1), 24)
    refused = "starts_at: the patient was checked in .* on 2026-11-23, .*; undo that check-in first"
    with pytest.raises(InputError, match=refused):
        await clinic.import_bookings(tomorrow)
    assert [one.status for one in await clinic.appointments()] == ["arrived"]
    # The clinic's own word on what became of it wins.
    off = replace(tomorrow, status=AppointmentStatus.CANCELLED)
    assert await clinic.import_bookings(off) == ImportResult(0, 1, 0)


async def test_what_was_undone_today_can_be_moved_and_arrived_at_tomorrow(clinic: Clinic) -> None:
    await clinic.expect(1)
    await clinic.check_ins().record(await clinic.proposal(1))
    undo = PostgresUndo(clinic.database.postgres, clinic.clock, clinic.schedules(), SITE.id, ZONE)
    await undo.undo("A-1", Actor("aigul"), "left again", False)
    assert await clinic.check_ins().record(await clinic.proposal(1)) is Recorded.REFUSED_BLOCKED
    await clinic.import_bookings(moved(booking(1), 24))
    clinic.clock.advance(24 * 3600)
    assert await clinic.check_ins().record(await clinic.proposal(1)) is Recorded.WRITTEN


async def test_a_column_the_file_lacks_says_nothing(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))
    full = replace(
        booking(1), place=Place.HOME, walk_in=True, room="7", status_changed_at=NOW - HOUR
    )
    await clinic.import_bookings(full)
    rows = Rows("day.csv", COLUMNS.required, [booking(1)], [2])
    assert await _run(clinic, rows) == ImportResult(0, 0, 1)
    rows = Rows("day.csv", (*COLUMNS.required, "room"), [booking(1)], [2])
    assert await _run(clinic, rows) == ImportResult(0, 1, 0)
    (listed,) = await clinic.appointments()
    assert (listed.place, listed.room) == ("home", None)


async def test_the_days_before_and_after_are_told(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))
    told = Told()
    # 19:00 UTC is midnight in Almaty: one hour of local time makes another day.
    late = replace(booking(1), starts_at=NOW + 14.5 * HOUR, ends_at=NOW + 16 * HOUR)
    await _run(clinic, [late], told)
    await _run(clinic, [late], told)
    assert told.days == [date(2026, 11, 23)]
    await _run(clinic, [moved(late, 1)], told)
    assert told.days[1:] == [date(2026, 11, 23), date(2026, 11, 24)]


async def test_practitioners_are_renamed(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))
    await clinic.import_bookings(booking(1))
    await clinic.import_bookings(replace(booking(1), practitioner_name="Dr New"))
    assert await clinic.count("practitioners") == 1
    await clinic.row("SELECT practitioner_id FROM practitioners WHERE full_name = 'Dr New'")


async def test_an_import_racing_with_check_ins_moves_nobody_back(clinic: Clinic) -> None:
    numbers = range(20)
    await clinic.import_patients(*(patient(number) for number in numbers))
    await clinic.import_bookings(*(booking(number) for number in numbers))
    for number in numbers:
        await clinic.enrol(number)
    proposals = [await clinic.proposal(number) for number in numbers]
    bookings = [replace(booking(number), room="7") for number in numbers]
    check_ins = clinic.check_ins()
    results = await asyncio.gather(
        *(check_ins.record(one) for one in proposals),
        clinic.import_bookings(*bookings),
        clinic.import_bookings(*reversed(bookings)),
    )
    assert list(results[:20]) == [Recorded.WRITTEN] * 20
    listed = await clinic.appointments()
    assert {one.status for one in listed} == {"arrived"}
    assert {one.room for one in listed} == {"7"}
    assert await clinic.count("check_ins") == 20
