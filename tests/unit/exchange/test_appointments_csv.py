from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.booking import Booking
from streamer.domain.rows import Rows
from streamer.errors import InputError
from streamer.exchange.appointments_csv import COLUMNS, read_appointments

ALMATY = ZoneInfo("Asia/Almaty")
BERLIN = ZoneInfo("Europe/Berlin")
GOOD = {
    "appointment_ref": "A-1",
    "patient_ref": "P-1",
    "practitioner_ref": "D-1",
    "practitioner_name": "Dr One",
    "service_code": "S1",
    "service_name": "Consultation",
    "starts_at": "2026-11-23T09:00",
    "ends_at": "2026-11-23T09:30",
    "status": "booked",
}


def read(tmp_path: Path, zone: ZoneInfo = ALMATY, **cells: str) -> Rows[Booking]:
    row = GOOD | cells
    path = tmp_path / "appointments.csv"
    path.write_text(";".join(row) + "\n" + ";".join(row.values()) + "\n", encoding="utf-8")
    return read_appointments(path, zone, ("main", "annex"))


def test_every_column(tmp_path: Path) -> None:
    (booking,) = read(
        tmp_path,
        department="Cardiology",
        building="main",
        room="12",
        place="HOME",
        walk_in="1",
        status="Checked-In",
        status_changed_at="2026-11-23 08:59:59,5Z",
    )
    assert booking == Booking(
        **{
            key: value
            for key, value in GOOD.items()
            if key not in ("starts_at", "ends_at", "status")
        },
        starts_at=datetime(2026, 11, 23, 4, 0, tzinfo=UTC),
        ends_at=datetime(2026, 11, 23, 4, 30, tzinfo=UTC),
        status=AppointmentStatus.CHECKED_IN,
        department="Cardiology",
        building="main",
        room="12",
        place=Place.HOME,
        walk_in=True,
        status_changed_at=datetime(2026, 11, 23, 8, 59, 59, 500_000, tzinfo=UTC),
    )


def test_what_is_not_known(tmp_path: Path) -> None:
    (booking,) = read(tmp_path, department="", place="", walk_in="")
    assert (booking.department, booking.place, booking.walk_in) == (None, Place.SITE, False)


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-11-23T09:00", 4),
        ("2026-11-23 09:00:00", 4),
        ("2026-11-23T09:00+03:00", 6),
        ("2026-11-23 09:00 +0300", 6),
        ("2026-11-23T09:00-03", 12),
        ("2026-11-23t09:00z", 9),
    ],
)
def test_times(tmp_path: Path, written: str, hour: int) -> None:
    (booking,) = read(tmp_path, starts_at=written, ends_at="2026-11-23T23:00Z")
    assert booking.starts_at == datetime(2026, 11, 23, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("column", "written", "message"),
    [
        ("starts_at", "23.11.2026 09:00", "is no ISO 8601 time"),
        ("starts_at", "2026-11-23", "is no ISO 8601 time"),
        ("starts_at", "2026-W48-1T09:00", "is no ISO 8601 time"),
        ("starts_at", "2026-11-31T09:00", "is no ISO 8601 time"),
        ("starts_at", "2026-11-23T25:00", "is no ISO 8601 time"),
        ("starts_at", "9999-12-31T23:59", "is no ISO 8601 time"),
        ("starts_at", "2026-11-23T09:00+25:00", "is no ISO 8601 time"),
        ("starts_at", "", "is empty"),
        ("ends_at", "2026-11-23T09:00", "is not after starts_at"),
        ("ends_at", "2026-11-23T09:00+06:00", "is not after starts_at"),
        ("status", "here", "is none of proposed, pending, booked"),
        ("place", "moon", "is none of site, home, remote, mobile, outreach"),
        ("walk_in", "x", "is neither true nor false"),
        ("appointment_ref", "A 1", "is no reference"),
        ("patient_ref", "880101 400125", "is no reference"),
    ],
)
def test_bad_cells(tmp_path: Path, column: str, written: str, message: str) -> None:
    with pytest.raises(
        InputError, match=f"appointments.csv line 2, column {column}: .*{message}"
    ) as caught:
        read(tmp_path, ALMATY, **{column: written})
    assert len(written) < 9 or written not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "problem"),
    [("2026-03-29T02:30", "does not exist"), ("2026-10-25T02:30", "happens twice")],
)
def test_a_local_time_that_is_no_one_instant(tmp_path: Path, written: str, problem: str) -> None:
    with pytest.raises(InputError, match=rf"{problem} .*offset from UTC"):
        read(tmp_path, BERLIN, starts_at=written)
    (booking,) = read(tmp_path, BERLIN, starts_at=f"{written}+01:00")
    assert booking.starts_at.hour == 1


def test_the_hour_kazakhstan_had_twice(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="happens twice"):
        read(tmp_path, starts_at="2024-02-29T23:30")


def test_a_reference_twice(tmp_path: Path) -> None:
    path = tmp_path / "appointments.csv"
    line = ",".join(GOOD.values())
    path.write_text(f"{','.join(GOOD)}\n{line}\n\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 4, column appointment_ref: stands on line 2"):
        read_appointments(path, ALMATY, ("main",))


def test_columns_are_the_documented_ones() -> None:
    assert COLUMNS.required == tuple(GOOD)
