"""Billed services and confirmations as files have them."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from streamer.domain.appointment import Place
from streamer.domain.billed_service import BilledService, TimePrecision
from streamer.domain.confirmation import Confirmation, ConfirmationMethod
from streamer.exchange.claims_csv import COLUMNS, read_claims
from streamer.exchange.confirmations_csv import read_confirmations

ALMATY = ZoneInfo("Asia/Almaty")
AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SERVICE = BilledService(
    "C-1", None, "P-1", "D-1", "A02.003", "Терапевт", AT, Decimal("1500.5"), "KZT"
)
REQUIRED = "C-1,P-1,D-1,A02.003,Терапевт,2026-11-23T09:00,1500.50,kzt"


def claims(tmp_path: Path, header: str, *rows: str) -> tuple[list[BilledService], list[str]]:
    path = tmp_path / "claims.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    portions = list(read_claims(path, ALMATY, AT))
    return (
        [one for portion in portions for one in portion.records],
        [one for portion in portions for one in portion.bad],
    )


def test_what_is_required_is_enough(tmp_path: Path) -> None:
    assert claims(tmp_path, ",".join(COLUMNS.required), REQUIRED) == ([SERVICE], [])


def test_an_evening_may_be_typed_as_the_next_day_s(tmp_path: Path) -> None:
    row = REQUIRED.replace("2026-11-23T09:00", "2026-11-24T23:59")
    found, bad = claims(tmp_path, ",".join(COLUMNS.required), row)
    assert (len(found), bad) == (1, [])


def test_everything_a_claim_may_have(tmp_path: Path) -> None:
    header = ",".join((*COLUMNS.required, *COLUMNS.optional))
    row = f"{REQUIRED},A-1,measured,fund,K-7,J06.9,T1,2,2026-11-23T18:00,home,12"
    wanted = replace(
        SERVICE,
        appointment_ref="A-1",
        time_precision=TimePrecision.MEASURED,
        payer="fund",
        contract="K-7",
        icd10="J06.9",
        tariff="T1",
        quantity=2,
        entered_at=datetime(2026, 11, 23, 13, 0, tzinfo=UTC),
        place=Place.HOME,
        room="12",
    )
    assert claims(tmp_path, header, row) == ([wanted], [])


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("amount", "-5", "is no amount"),
        ("amount", "1 500", "is no amount"),
        ("amount", "5.001", "is no amount"),
        ("currency", "tenge", "is no currency"),
        ("currency", "ZZQ", "is no currency"),
        ("performed_at", "2026-11-25T00:00", "lies in the future"),
        ("performed_at", "23.11.2026", "is no ISO 8601 time"),
        ("claim_ref", "C 1", "is no reference"),
        ("time_precision", "guessed", "is none of measured, entered"),
        ("quantity", "0", "is no whole number"),
        ("place", "moon", "is none of site"),
        ("appointment_ref", "A 1", "is no reference"),
    ],
)
def test_what_is_wrong_with_a_cell(tmp_path: Path, column: str, cell: str, said: str) -> None:
    cells = dict(zip(COLUMNS.required, REQUIRED.split(","), strict=True)) | {column: cell}
    found, bad = claims(tmp_path, ",".join(cells), ",".join(cells.values()))
    assert found == []
    assert len(bad) == 1
    assert bad[0].startswith(f"claims.csv line 2, column {column}: {said}")
    assert cell not in bad[0]


def test_a_decimal_comma_where_semicolons_separate(tmp_path: Path) -> None:
    row = REQUIRED.replace(",", ";").replace("1500.50", "1500,50")
    assert claims(tmp_path, ";".join(COLUMNS.required), row) == ([SERVICE], [])


def test_confirmations(tmp_path: Path) -> None:
    path = tmp_path / "confirmations.csv"
    path.write_text(
        "confirmation_ref,patient_ref,method,confirmed_at,taken_by,building\n"
        "F-1,P-1,FACE_ID,2026-11-23T09:00,D-1,main\n"
        "F-2,P-1,egov,2026-11-23T09:00,,\n"
        "F-3,P-1,palm,2026-11-23T09:00,,\n"
        "F-4,P-1,egov,2026-11-23T09:00,,annex\n",
        encoding="utf-8",
    )
    (portion,) = read_confirmations(path, ALMATY, ["main"])
    face = Confirmation("F-1", "P-1", ConfirmationMethod.FACE_ID, AT, None, "D-1", "main")
    assert list(portion.records) == [
        face,
        Confirmation("F-2", "P-1", ConfirmationMethod.EGOV, AT),
    ]
    assert portion.bad == [
        "confirmations.csv line 4, column method: is none of face_id, egov; write one of them",
        "confirmations.csv line 5, column building: is none of site.buildings (main)",
    ]
