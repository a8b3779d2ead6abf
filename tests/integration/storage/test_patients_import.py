import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from streamer.domain.patient import Patient
from streamer.domain.rows import Rows
from streamer.errors import InputError
from streamer.exchange.patients_csv import read_patients
from streamer.storage.import_result import ImportResult
from streamer.storage.patients import Patients
from streamer.storage.patients_import import PatientsImport
from tests.integration.storage.clinic import SITE, Clinic, patient

IIN = "880101400126"
FULL = Patient(
    patient_ref="P-1",
    full_name="Ахметова Айгүл",
    id_type="iin",
    id_number=IIN,
    sex="female",
    birth_date=date(1988, 1, 1),
    language="kk",
    phone="+77012345678",
    attached_from=date(2020, 1, 1),
    payer="payer-1",
    guardian_refs=("P-2",),
)


def _patients(clinic: Clinic) -> Patients:
    database = clinic.database
    return Patients(database.postgres, database.vault, database.keyed_hash, SITE.id)


async def _read_back(clinic: Clinic, ref: str) -> Patient:
    found = await _patients(clinic).by_ref(ref)
    assert found is not None
    return found.patient


async def test_the_second_time_nothing_changes(any_clinic: Clinic) -> None:
    both = (FULL, patient(2))
    assert await any_clinic.import_patients(*both) == ImportResult(2, 0, 0)
    assert await any_clinic.import_patients(*both) == ImportResult(0, 0, 2)
    assert await _read_back(any_clinic, "P-1") == FULL
    assert await any_clinic.import_patients(patient(2), patient(3)) == ImportResult(1, 0, 1)


async def test_a_patient_is_found_by_number_however_typed(clinic: Clinic) -> None:
    await clinic.import_patients(FULL, patient(2))
    found = await _patients(clinic).by_id_number("iin", f"{IIN[:6]} {IIN[6:]}")
    assert found is not None
    assert found.patient == FULL
    assert await _patients(clinic).by_id_number("passport", IIN) is None
    assert await _patients(clinic).by_ref("P-9") is None


@pytest.mark.parametrize(
    "changed",
    [
        replace(FULL, full_name="Other Name"),
        replace(FULL, phone=None),
        replace(FULL, birth_date=None),
        replace(FULL, deceased_on=date(2026, 1, 1)),
        replace(FULL, is_staff=True),
        replace(FULL, id_type=None, id_number=None),
        replace(FULL, guardian_refs=()),
        replace(FULL, guardian_refs=("P-3",), language=None),
    ],
)
async def test_every_change_is_one_update(clinic: Clinic, changed: Patient) -> None:
    await clinic.import_patients(FULL, patient(2), patient(3))
    assert await clinic.import_patients(changed, patient(2)) == ImportResult(0, 1, 1)
    assert await _read_back(clinic, "P-1") == changed


async def test_a_column_the_file_lacks_says_nothing(clinic: Clinic, tmp_path: Path) -> None:
    await clinic.import_patients(replace(FULL, is_staff=True), patient(2))
    path = tmp_path / "patients.csv"
    path.write_text("patient_ref,full_name,phone\nP-1,New Name,\n", encoding="utf-8")
    result = await clinic.import_patients(*(rows := read_patients(path)))
    assert result == ImportResult(0, 1, 0), "a bare sequence has every column"
    assert not (await _read_back(clinic, "P-1")).is_staff

    await clinic.import_patients(replace(FULL, is_staff=True), patient(2))
    assert await _run(clinic, rows) == ImportResult(0, 1, 0)
    expected = replace(FULL, is_staff=True, full_name="New Name", phone=None)
    assert await _read_back(clinic, "P-1") == expected
    assert await _run(clinic, rows) == ImportResult(0, 0, 1)


async def _run(clinic: Clinic, rows: Rows[Patient]) -> ImportResult:
    database = clinic.database
    imports = PatientsImport(
        database.postgres, database.vault, database.keyed_hash, SITE.id, clinic.eraser()
    )
    return await imports.run(rows, clinic.clock.now())


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (replace(patient(9), guardian_refs=("P-8",)), "record 2, column guardian_refs: names a"),
        (replace(patient(9), guardian_refs=("P-9",)), "column guardian_refs: nobody is their own"),
        (replace(patient(9), id_type="iin", id_number=IIN), "column id_number: another patient"),
        (replace(patient(9), patient_ref="P-7"), "column patient_ref: stands there twice"),
        (
            replace(patient(9), deceased_on=date(2199, 1, 1)),
            "record 2, column deceased_on: lies in",
        ),
        (replace(patient(9), birth_date=date(2199, 1, 1)), "record 2, column birth_date: lies in"),
        (
            replace(patient(9), patient_ref=f"{IIN[:3]}-{IIN[3:]}", id_type="iin", id_number=IIN),
            "column patient_ref: is an identity number",
        ),
    ],
)
async def test_one_bad_row_and_nothing_is_written(
    clinic: Clinic, bad: Patient, message: str
) -> None:
    await clinic.import_patients(FULL, patient(2))
    with pytest.raises(InputError, match=message) as caught:
        await clinic.import_patients(patient(7), bad, replace(FULL, full_name="Changed"))
    assert IIN not in str(caught.value)
    assert await clinic.count("patients") == 2
    assert await _read_back(clinic, "P-1") == FULL


async def test_errors_name_the_files_line(clinic: Clinic, tmp_path: Path) -> None:
    path = tmp_path / "patients.csv"
    path.write_text("patient_ref,full_name,guardian_refs\n\nP-1,A,\nP-2,B,P-9\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"patients\.csv line 4, column guardian_refs"):
        await _run(clinic, read_patients(path))


async def test_a_guardians_number_is_no_childs_reference(clinic: Clinic) -> None:
    child = replace(patient(3), patient_ref=IIN, guardian_refs=("P-1",))
    with pytest.raises(InputError, match="record 3, column patient_ref: is an identity number"):
        await clinic.import_patients(FULL, patient(2), child)


async def test_swapped_numbers_are_corrected_in_one_import(clinic: Clinic) -> None:
    one = replace(patient(1), id_type="passport", id_number="N1111")
    two = replace(patient(2), id_type="passport", id_number="N2222")
    await clinic.import_patients(one, two)
    swapped = (replace(one, id_number="N2222"), replace(two, id_number="N1111"))
    assert await clinic.import_patients(*swapped) == ImportResult(0, 2, 0)
    found = await _patients(clinic).by_id_number("passport", "N1111")
    assert found is not None
    assert found.patient.patient_ref == "P-2"


async def test_two_imports_at_once_come_one_after_the_other(clinic: Clinic) -> None:
    everyone = [patient(number) for number in range(100)]
    results = await asyncio.gather(
        clinic.import_patients(*everyone), clinic.import_patients(*reversed(everyone))
    )
    assert set(results) == {ImportResult(100, 0, 0), ImportResult(0, 0, 100)}
    assert await clinic.count("patients") == 100
