"""Reads a file of billed services. Called by `kirdi claims import`."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Final

from babel.numbers import list_currencies

from streamer.domain.appointment import Place
from streamer.domain.billed_service import BilledService, TimePrecision
from streamer.domain.portion import Portion
from streamer.exchange.cells import code, moment, reference, text
from streamer.exchange.csv_portions import read_portions
from streamer.exchange.csv_table import Columns, CsvRow

COLUMNS = Columns(
    required=(
        "claim_ref",
        "patient_ref",
        "practitioner_ref",
        "service_code",
        "service_name",
        "performed_at",
        "amount",
        "currency",
    ),
    optional=(
        "appointment_ref",
        "time_precision",
        "payer",
        "contract",
        "icd10",
        "tariff",
        "quantity",
        "entered_at",
        "place",
        "room",
    ),
)

_AMOUNT: Final = re.compile(r"\d{1,12}([.,]\d{1,2})?")
_CURRENCIES: Final = list_currencies()
_QUANTITY: Final = re.compile(r"[1-9]\d{0,4}")


def read_claims(path: Path, zone: tzinfo, now: datetime) -> Iterator[Portion[BilledService]]:
    """Yield a file's claims in portions; times without an offset are the site's.

    Args:
        path: The file, of any size.
        zone: The site's.
        now: Aware; what was given after the end of tomorrow nobody has given yet.

    Raises:
        InputError: The file is no table. What is wrong with single rows stands in the portions.
    """
    return read_portions(path, COLUMNS, "claim_ref", lambda row: _claim(row, zone, now))


def _claim(row: CsvRow, zone: tzinfo, now: datetime) -> BilledService:
    return BilledService(
        claim_ref=reference(row, "claim_ref"),
        appointment_ref=_optional_reference(row, "appointment_ref"),
        patient_ref=reference(row, "patient_ref"),
        practitioner_ref=reference(row, "practitioner_ref"),
        service_code=row.cell("service_code"),
        service_name=row.cell("service_name"),
        performed_at=_performed_at(row, zone, now),
        amount=_amount(row),
        currency=_currency(row),
        time_precision=code(row, "time_precision", TimePrecision, default=TimePrecision.ENTERED),
        payer=text(row, "payer"),
        contract=text(row, "contract"),
        icd10=text(row, "icd10"),
        tariff=text(row, "tariff"),
        quantity=_quantity(row),
        entered_at=moment(row, "entered_at", zone),
        place=code(row, "place", Place) if row.cell("place") else None,
        room=text(row, "room"),
    )


def _optional_reference(row: CsvRow, column: str) -> str | None:
    return reference(row, column) if row.cell(column) else None


def _performed_at(row: CsvRow, zone: tzinfo, now: datetime) -> datetime:
    found = moment(row, "performed_at", zone)
    # Empty cells of required columns were refused already.
    assert found is not None
    # A clock may be wrong, and an evening typed as the next day's; more is a slip.
    if found.astimezone(zone).date() > now.astimezone(zone).date() + timedelta(days=1):
        raise row.error("performed_at", "lies in the future; write when it was given")
    return found


def _amount(row: CsvRow) -> Decimal:
    cell = row.cell("amount")
    if not _AMOUNT.fullmatch(cell):
        raise row.error(
            "amount", "is no amount; write digits and at most two decimals, such as 1500.00"
        )
    return Decimal(cell.replace(",", "."))


def _currency(row: CsvRow) -> str:
    cell = row.cell("currency").upper()
    if cell not in _CURRENCIES:
        raise row.error("currency", "is no currency; write its ISO 4217 code, such as KZT")
    return cell


def _quantity(row: CsvRow) -> int:
    cell = row.cell("quantity")
    if not cell:
        return 1
    if not _QUANTITY.fullmatch(cell):
        raise row.error("quantity", "is no whole number from 1 to 99999; write one")
    return int(cell)
