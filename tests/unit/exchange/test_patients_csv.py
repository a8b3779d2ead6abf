from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.domain.patient import Patient
from streamer.domain.rows import Rows
from streamer.errors import InputError
from streamer.exchange.identity_number import IdType, problem_of
from streamer.exchange.patients_csv import COLUMNS, read_patients

# Made up: 1 January 1988, serial 0012, check digits by the two rows of weights.
IIN = "880101400126"


def read(tmp_path: Path, text: str) -> Rows[Patient]:
    path = tmp_path / "patients.csv"
    path.write_text(text, encoding="utf-8")
    return read_patients(path)


def test_every_column(tmp_path: Path) -> None:
    text = (
        "full_name,patient_ref,id_type,id_number,sex,birth_date,language,phone,attached_from,"
        "attached_to,deceased_on,payer,guardian_refs,is_staff\n"
        f"Ахметова  Айгүл,P-1,IIN,{IIN[:6]} {IIN[6:]},Female,1988-01-01,KK,8 (701) 234-56-78,"
        "2020-01-01,2030-01-01,2026-01-02,ФСМС,P-3 | P-2,Yes\n"
        "B,P-2,,,,,,,,,,,,\n"
    )
    rows = read(tmp_path, text)
    assert list(rows) == [
        Patient(
            patient_ref="P-1",
            full_name="Ахметова Айгүл",
            id_type="iin",
            id_number=IIN,
            sex="female",
            birth_date=date(1988, 1, 1),
            language="kk",
            phone="+77012345678",
            attached_from=date(2020, 1, 1),
            attached_to=date(2030, 1, 1),
            deceased_on=date(2026, 1, 2),
            payer="ФСМС",
            guardian_refs=("P-2", "P-3"),
            is_staff=True,
        ),
        Patient(patient_ref="P-2", full_name="B"),
    ]
    assert rows.where(1, "phone") == "patients.csv line 3, column phone"
    assert rows.columns == set(COLUMNS.all)


@pytest.mark.parametrize(
    ("header", "cells", "message"),
    [
        ("id_number", IIN, "column id_type: is empty beside an id_number"),
        ("id_type", "iin", "column id_number: is empty beside an id_type"),
        ("id_type,id_number", f"card,{IIN}", "column id_type: is none of iin, passport"),
        ("id_type,id_number", "iin,88010140012", "column id_number: an IIN has 12 digits"),
        ("id_type,id_number", "iin,88010140012x", "column id_number: an IIN has 12 digits"),
        ("id_type,id_number", "iin,٨٨0101400125", "column id_number: the check digit|12 digits"),
        ("id_type,id_number", "iin,880101400127", "check digit of this IIN is wrong"),
        ("id_type,id_number", "passport,N1", "column id_number: is no document number"),
        ("sex", "boy", "column sex: is none of male, female, other, unknown"),
        ("birth_date", "01.02.1988", "column birth_date: is no date; write YYYY-MM-DD"),
        ("birth_date", "1988-02-30", "column birth_date: is no date"),
        ("birth_date", "19880201", "column birth_date: is no date"),
        ("birth_date", "0001-01-01", "column birth_date: is no date"),
        ("language", "Kazakh", "column language: is no language code"),
        ("phone", "call me", "column phone: is no phone number"),
        ("phone", "123", "column phone: is no phone number"),
        ("is_staff", "maybe", "column is_staff: is neither true nor false"),
        (
            "attached_from,attached_to",
            "2026-01-02,2026-01-01",
            "column attached_to: is before attached_from",
        ),
        (
            "birth_date,deceased_on",
            "2026-01-02,2026-01-01",
            "column deceased_on: is before birth_date",
        ),
    ],
)
def test_bad_cells_are_named_and_not_repeated(
    tmp_path: Path, header: str, cells: str, message: str
) -> None:
    with pytest.raises(InputError, match=f"patients.csv line 2.*({message})") as caught:
        read(tmp_path, f"patient_ref,full_name,{header}\nP-1,A,{cells}\n")
    for cell in cells.split(","):
        assert len(cell) < 5 or cell not in str(caught.value)


@pytest.mark.parametrize("patient_ref", ["P 1", "x" * 129])
def test_a_reference_is_short_and_without_blanks(tmp_path: Path, patient_ref: str) -> None:
    with pytest.raises(InputError, match="column patient_ref: is no reference"):
        read(tmp_path, f"patient_ref,full_name\n{patient_ref},A\n")


def test_the_identity_number_is_no_reference(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="column patient_ref: is the identity number") as caught:
        read(tmp_path, f"patient_ref,full_name,id_type,id_number\n{IIN},A,iin,{IIN}\n")
    assert IIN not in str(caught.value)


def test_a_reference_twice_names_both_lines(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 4, column patient_ref: stands on line 2 already"):
        read(tmp_path, "patient_ref,full_name\nP-1,A\nP-2,B\nP-1,C\n")


@pytest.mark.parametrize(
    ("number", "right"),
    [
        (IIN, True),
        # The first weights give 10, so the second ones decide.
        ("000000000101", True),
        ("000000000100", False),
        ("000000000000", True),
        ("100000000001", True),
    ],
)
def test_the_check_digit(number: str, right: bool) -> None:
    assert (problem_of(IdType.IIN, number) is None) == right


@given(st.text("0123456789", min_size=11, max_size=11))
def test_at_most_one_check_digit_fits(head: str) -> None:
    fitting = [last for last in range(10) if problem_of(IdType.IIN, f"{head}{last}") is None]
    sums = [
        sum(int(d) * w for d, w in zip(head, weights, strict=True)) % 11
        for weights in (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2))
    ]
    expected = next((one for one in sums if one != 10), None)
    assert fitting == ([] if expected is None else [expected])


_SECRET = st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=12, max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_SECRET, min_size=1, max_size=14), st.permutations(COLUMNS.all))
def test_no_error_repeats_a_cell(tmp_path: Path, cells: list[str], order: list[str]) -> None:
    text = ",".join(order) + "\n" + ",".join(cells) + "\n"
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert not [cell for cell in cells if cell in str(caught.value)]
