"""Reads a file of the ministry's own confirmations. Called by `kirdi confirmations import`."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from pathlib import Path

from streamer.domain.confirmation import Confirmation, ConfirmationMethod
from streamer.domain.portion import Portion
from streamer.exchange.cells import code, moment, reference, text
from streamer.exchange.csv_portions import read_portions
from streamer.exchange.csv_table import Columns, CsvRow

COLUMNS = Columns(
    required=("confirmation_ref", "patient_ref", "method", "confirmed_at"),
    optional=("appointment_ref", "taken_by", "building"),
)


def read_confirmations(
    path: Path, zone: tzinfo, buildings: Sequence[str]
) -> Iterator[Portion[Confirmation]]:
    """Yield a file's confirmations in portions; times without an offset are the site's.

    Args:
        path: The file, of any size.
        zone: The site's.
        buildings: The site's; a confirmation may name one of them.

    Raises:
        InputError: The file is no table. What is wrong with single rows stands in the portions.
    """
    return read_portions(
        path, COLUMNS, "confirmation_ref", lambda row: _confirmation(row, zone, buildings)
    )


def _confirmation(row: CsvRow, zone: tzinfo, buildings: Sequence[str]) -> Confirmation:
    building = text(row, "building")
    if building is not None and building not in buildings:
        raise row.error("building", f"is none of site.buildings ({', '.join(buildings)})")
    confirmed_at = moment(row, "confirmed_at", zone)
    # Empty cells of required columns were refused already.
    assert confirmed_at is not None
    return Confirmation(
        confirmation_ref=reference(row, "confirmation_ref"),
        patient_ref=reference(row, "patient_ref"),
        method=code(row, "method", ConfirmationMethod),
        confirmed_at=confirmed_at,
        appointment_ref=reference(row, "appointment_ref") if row.cell("appointment_ref") else None,
        taken_by=reference(row, "taken_by") if row.cell("taken_by") else None,
        building=building,
    )
