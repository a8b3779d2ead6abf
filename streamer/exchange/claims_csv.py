"""Reads a file of billed services. Called by `kirdi claims import`."""

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Final

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
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_QUANTITY: Final = re.compile(r"[1-9]\d{0,4}")


def read_claims(path: Path, zone: tzinfo) -> Iterator[Portion[BilledService]]:
    """Yield a file's claims in portions; times without an offset are the site's.

    Args:
        path: The file, of any size.
        zone: The site's.

    Raises:
        InputError: The file is no table. What is wrong with single rows stands in the portions.
    """
    return read_portions(path, COLUMNS, "claim_ref", lambda row: _claim(row, zone))


def _claim(row: CsvRow, zone: tzinfo) -> BilledService:
    return BilledService(
        claim_ref=reference(row, "claim_ref"),
        appointment_ref=_optional_reference(row, "appointment_ref"),
        patient_ref=reference(row, "patient_ref"),
        practitioner_ref=reference(row, "practitioner_ref"),
        service_code=row.cell("service_code"),
        service_name=row.cell("service_name"),
        performed_at=_required(row, "performed_at", zone),
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


def _required(row: CsvRow, column: str, zone: tzinfo) -> datetime:
    found = moment(row, column, zone)
    # Empty cells of required columns were refused already.
    assert found is not None
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
    if not _CURRENCY.fullmatch(cell):
        raise row.error("currency", "is no currency; write its ISO 4217 code, such as KZT")
    return cell


def _quantity(row: CsvRow) -> int:
    cell = row.cell("quantity")
    if not cell:
        return 1
    if not _QUANTITY.fullmatch(cell):
        raise row.error("quantity", "is no whole number from 1 to 99999; write one")
    return int(cell)
