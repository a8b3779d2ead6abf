"""Reads patients: a file for `kirdi patients import`, or what was sent to the API."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from streamer.domain.patient import Patient
from streamer.domain.rows import Rows, SentRows
from streamer.exchange.cells import boolean, code, day, reference, text
from streamer.exchange.csv_table import Columns, CsvRow, read_table
from streamer.exchange.identity_number import IdType, canonical_number, problem_of
from streamer.exchange.sent_rows import sent_rows

COLUMNS = Columns(
    required=("patient_ref", "full_name"),
    optional=(
        "id_type",
        "id_number",
        "sex",
        "birth_date",
        "language",
        "phone",
        "attached_from",
        "attached_to",
        "deceased_on",
        "payer",
        "guardian_refs",
        "is_staff",
    ),
)

_PHONE = re.compile(r"\+?[0-9]{7,15}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_BETWEEN_REFS = re.compile(r"[\s|;,]+")


class Sex(StrEnum):
    """FHIR R4 `Patient.gender`."""

    MALE = "male"
    FEMALE = "female"
    OTHER = "other"
    UNKNOWN = "unknown"


def read_patients(path: Path) -> Rows[Patient]:
    """Read every patient of a file.

    Several guardian_refs are separated by blanks or `|`. Phones are kept in E.164 form; a leading 8
    of eleven digits is Kazakhstan's +7.

    Raises:
        InputError: Names file, line, column and remedy, and no value.
    """
    table = read_table(path, COLUMNS)
    table.refuse_repeated("patient_ref")
    patients = [_patient(row) for row in table.rows]
    return Rows(table.source, table.header, patients, [row.line for row in table.rows])


def sent_patients(records: Sequence[Mapping[str, object]]) -> SentRows[Patient]:
    """Take what was sent as if it were a file.

    Raises:
        InputError: Names place and member, and no value.
    """
    header, rows = sent_rows("patients", records, COLUMNS)
    patients = [_patient(row) for row in rows]
    return SentRows("patients", header, patients, [row.line for row in rows])


def _patient(row: CsvRow) -> Patient:
    id_type, id_number = _identity(row)
    patient_ref = reference(row, "patient_ref")
    if id_number is not None and canonical_number(patient_ref) == id_number:
        raise row.error(
            "patient_ref", "is the identity number; use the hospital system's own opaque reference"
        )
    attached_from, attached_to = day(row, "attached_from"), day(row, "attached_to")
    if attached_from and attached_to and attached_to < attached_from:
        raise row.error("attached_to", "is before attached_from; correct one of them")
    birth_date, deceased_on = day(row, "birth_date"), day(row, "deceased_on")
    if birth_date and deceased_on and deceased_on < birth_date:
        raise row.error("deceased_on", "is before birth_date; correct one of them")
    return Patient(
        patient_ref=patient_ref,
        full_name=row.cell("full_name"),
        id_type=id_type,
        id_number=id_number,
        sex=code(row, "sex", Sex).value if row.cell("sex") else None,
        birth_date=birth_date,
        language=_language(row),
        phone=_phone(row),
        attached_from=attached_from,
        attached_to=attached_to,
        deceased_on=deceased_on,
        payer=text(row, "payer"),
        guardian_refs=_guardians(row),
        is_staff=boolean(row, "is_staff"),
    )


def _identity(row: CsvRow) -> tuple[str | None, str | None]:
    number = canonical_number(row.cell("id_number"))
    if not number and not row.cell("id_type"):
        return None, None
    if not row.cell("id_type"):
        raise row.error("id_type", "is empty beside an id_number; say which document it is")
    id_type = code(row, "id_type", IdType)
    if not number:
        raise row.error("id_number", "is empty beside an id_type; fill in both or neither")
    problem = problem_of(id_type, number)
    if problem is not None:
        raise row.error("id_number", problem)
    return id_type.value, number


def _language(row: CsvRow) -> str | None:
    language = row.cell("language").lower()
    if language and not _LANGUAGE.fullmatch(language):
        raise row.error("language", "is no language code; write kk, ru, en or the like")
    return language or None


def _phone(row: CsvRow) -> str | None:
    phone = re.sub(r"[\s().\-]", "", row.cell("phone"))
    if not phone:
        return None
    if not _PHONE.fullmatch(phone):
        raise row.error("phone", "is no phone number; write it like +7 701 234 56 78")
    if len(phone) == 11 and phone[0] in "78":
        return f"+7{phone[1:]}"
    return phone


def _guardians(row: CsvRow) -> tuple[str, ...]:
    refs = [ref for ref in _BETWEEN_REFS.split(row.cell("guardian_refs")) if ref]
    return tuple(sorted(set(refs)))
