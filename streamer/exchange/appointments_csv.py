"""Reads appointments: a file for `kirdi appointments import`, or what was sent to the API."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path

from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.booking import Booking
from streamer.domain.rows import Rows, SentRows
from streamer.exchange.cells import boolean, code, moment, reference, text
from streamer.exchange.csv_table import Columns, CsvRow, read_table
from streamer.exchange.sent_rows import sent_rows

COLUMNS = Columns(
    required=(
        "appointment_ref",
        "patient_ref",
        "practitioner_ref",
        "practitioner_name",
        "service_code",
        "service_name",
        "starts_at",
        "ends_at",
        "status",
    ),
    optional=("department", "building", "room", "place", "walk_in", "status_changed_at"),
)


def read_appointments(path: Path, zone: tzinfo, buildings: Sequence[str]) -> Rows[Booking]:
    """Read every appointment of a file; times without an offset are the site's.

    Args:
        path: The file.
        zone: The site's.
        buildings: The site's; an appointment at the site may name one of them.

    Raises:
        InputError: Names file, line, column and remedy, and no value.
    """
    table = read_table(path, COLUMNS)
    table.refuse_repeated("appointment_ref")
    bookings = [_booking(row, zone, buildings) for row in table.rows]
    return Rows(table.source, table.header, bookings, [row.line for row in table.rows])


def sent_appointments(
    records: Sequence[Mapping[str, object]], zone: tzinfo, buildings: Sequence[str]
) -> SentRows[Booking]:
    """Take what was sent as if it were a file; see `read_appointments`.

    Raises:
        InputError: Names place and member, and no value.
    """
    header, rows = sent_rows("appointments", records, COLUMNS)
    bookings = [_booking(row, zone, buildings) for row in rows]
    return SentRows("appointments", header, bookings, [row.line for row in rows])


def _booking(row: CsvRow, zone: tzinfo, buildings: Sequence[str]) -> Booking:
    starts_at, ends_at = _required(row, "starts_at", zone), _required(row, "ends_at", zone)
    if ends_at <= starts_at:
        raise row.error("ends_at", "is not after starts_at; correct one of them")
    building, place = text(row, "building"), code(row, "place", Place, default=Place.SITE)
    if place is Place.SITE and building is not None and building not in buildings:
        # Unnoticed, no camera would ever count for it.
        raise row.error("building", f"is none of site.buildings ({', '.join(buildings)})")
    return Booking(
        appointment_ref=reference(row, "appointment_ref"),
        patient_ref=reference(row, "patient_ref"),
        practitioner_ref=reference(row, "practitioner_ref"),
        practitioner_name=row.cell("practitioner_name"),
        service_code=row.cell("service_code"),
        service_name=row.cell("service_name"),
        starts_at=starts_at,
        ends_at=ends_at,
        status=code(row, "status", AppointmentStatus),
        department=text(row, "department"),
        building=building,
        room=text(row, "room"),
        place=place,
        walk_in=boolean(row, "walk_in"),
        status_changed_at=moment(row, "status_changed_at", zone),
    )


def _required(row: CsvRow, column: str, zone: tzinfo) -> datetime:
    found = moment(row, column, zone)
    # read_table refuses empty cells of required columns.
    assert found is not None
    return found
