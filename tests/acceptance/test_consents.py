"""A consent's life through the command line: read, recorded, enrolled upon, withdrawn."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.kirdi import Kirdi, write_csv
from tests.acceptance.people import stills
from tests.acceptance.test_bad_input import refused


@pytest.mark.long
def test_a_consent_from_its_text_to_its_receipt(kirdi: Kirdi, tmp_path: Path) -> None:
    patients = tmp_path / "patients.csv"
    people = [
        {"patient_ref": "A", "full_name": "A B", "birth_date": "1990-05-04", "guardian_refs": ""},
        {
            "patient_ref": "child",
            "full_name": "C B",
            "birth_date": "2011-02-28",
            "guardian_refs": "A",
        },
        {
            "patient_ref": "small",
            "full_name": "D B",
            "birth_date": "2021-02-28",
            "guardian_refs": "A",
        },
    ]
    write_csv(patients, people)
    kirdi.ok("patients", "import", patients)

    (text,) = kirdi.ok("consents", "text", "--purpose", "payer-evidence", "--language", "kk")
    assert text["version"] == 1
    assert "Test" in text["body"]

    signed = ["--language", "ru", "--identity-check", "id-document"]
    record = ["consents", "record"]
    (made,) = kirdi.ok(*record, "A", "--document-ref", "c-1", *signed, "--by", "aigul")
    assert made["new"]
    again = [*record, "A", "--document-ref", "c-1", *signed]
    assert kirdi.ok(*again) == [made | {"new": False}]
    # A shorter term that was agreed on later isn't taken for recorded.
    sooner = datetime.fromisoformat(made["expires_at"]) - timedelta(days=30)
    refused(kirdi(*again, "--expires", f"{sooner:%Y-%m-%d}"), 4, "c-1", "is as it was")
    child = [*record, "child", "--document-ref", "c-2", *signed]
    refused(kirdi(*child), 4, "child", "--guardian")
    assert kirdi.ok(*child, "--guardian", "A", "--expires", made["expires_at"][:10])
    small = kirdi(*record, "small", "--document-ref", "c-3", *signed, "--guardian", "A")
    refused(small, 4, "small", "too young")

    photos = stills("A", tmp_path)[:2]
    refused(kirdi("patients", "enroll", "A", *photos, "--consent-ref", "c-9"), 4, "A", "c-1")
    kirdi.ok("patients", "enroll", "A", *photos)
    rows = kirdi.ok("consents", "list")
    assert [(row["patient_ref"], row["guardian_ref"]) for row in rows] == [
        ("A", None),
        ("child", "A"),
    ]
    assert rows[0]["recorded_by"].startswith("aigul (through ")

    (ended,) = kirdi.ok("consents", "withdraw", "A")
    receipt = ended["receipt"]
    assert (ended["ended"], receipt["templates"]) == (["check-in"], 1)
    assert receipt["files_clean_at"] is not None
    assert receipt["log_clean_at"] is not None
    assert ended["obstacle"] is None
    assert receipt["patient_ref"] == "A"
    assert kirdi.ok("consents", "receipts", "A") == [receipt]
    assert kirdi.ok("consents", "receipts", "child") == []
    for what in ("list", "receipts"):
        refused(kirdi("consents", what, "ZZ"), 4, "ZZ", "is unknown")
    assert [row["patient_ref"] for row in kirdi.ok("patients", "list")] == ["child"]
    refused(kirdi("consents", "withdraw", "A"), 4, "A", "none to withdraw")
    refused(kirdi("patients", "enroll", "A", *photos), 4, "A", "kirdi consents record")
