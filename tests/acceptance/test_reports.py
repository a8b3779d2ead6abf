"""`kirdi report` as a head physician and an auditor use it: made, written, kept, checked."""

import json
import stat
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.acceptance.kirdi import ZONE, Kirdi

PATIENTS = "patient_ref,full_name\nP-1,Ахметова Айгүл\nP-2,Bota B\n"
BOOKED = "appointment_ref,patient_ref,practitioner_ref,practitioner_name,service_code,service_name"
CLAIMED = "claim_ref,appointment_ref,patient_ref,practitioner_ref,service_code,service_name"


@pytest.fixture
def kirdi(tmp_path: Path) -> Kirdi:
    """Yesterday had two appointments; one has evidence of the ministry's own system."""
    kirdi = Kirdi(tmp_path)
    day = yesterday()
    files = {
        "patients": PATIENTS,
        "appointments": f"{BOOKED},starts_at,ends_at,status,department\n"
        f"A-1,P-1,D-1,Dr One,S1,Visit,{day}T10:00,{day}T10:20,fulfilled,Therapy\n"
        f"A-2,P-2,D-2,Dr Two,S1,Visit,{day}T11:00,{day}T11:20,fulfilled,Dental\n",
        "claims": f"{CLAIMED},performed_at,amount,currency,time_precision\n"
        f"C-1,A-1,P-1,D-1,S1,Visit,{day}T10:05,1500.00,KZT,measured\n"
        f"C-2,A-2,P-2,D-2,S1,Visit,{day}T11:05,2000.00,KZT,measured\n",
        "confirmations": "confirmation_ref,patient_ref,method,confirmed_at,appointment_ref\n"
        f"F-1,P-1,face_id,{day}T09:58,A-1\n",
    }
    for name, text in files.items():
        file = tmp_path / f"{name}.csv"
        file.write_text(text)
        kirdi.ok(name, "import", file)
    return kirdi


def yesterday() -> str:
    return (datetime.now(ZoneInfo(ZONE)) - timedelta(days=1)).date().isoformat()


def test_a_report_is_made_written_kept_and_checked(kirdi: Kirdi, tmp_path: Path) -> None:
    file, part = tmp_path / "day.json", tmp_path / "part.csv"
    (made,) = kirdi.ok("report", "appointment-match", "--date", "yesterday", "-o", file)
    assert (made["revision"], made["state"], made["appointments"]) == (1, "preliminary", 2)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    said = json.loads(file.read_text())
    assert said["report"]["total"]["visits"]["verified"] == {"face": 1}
    assert said["report"]["total"]["billed"] == {"KZT": "3500.00"}
    assert [one["ref"] for one in said["days"][0]["rows"]] == ["A-1", "A-2", "C-1", "C-2"]
    assert "Ахметова" not in file.read_text()

    # Nothing has changed: no other revision. A part of it is another file with another digest.
    day = yesterday()
    days = ("--from", day, "--to", day)
    (other,) = kirdi.ok("report", "appointment-match", *days, "-o", part, "--practitioner", "D-2")
    assert other["revision"] == 1
    lines = part.read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[2] for line in lines[1:]] == ["A-2", "C-2"]
    (kept,) = kirdi.ok("report", "list")
    assert (kept["from"], kept["to"], kept["kind"]) == (day, day, "day")

    assert kirdi.ok("report", "verify", file)[0]["sound"] is True
    forged = tmp_path / "forged.json"
    forged.write_bytes(file.read_bytes().replace(b'"ref":"C-2"', b'"ref":"C-3"', 1))
    found = kirdi("report", "verify", forged, "--json")
    assert (found.code, len(found.json[0]["findings"])) == (13, 3)
    printed = " ".join(other["digest"][at : at + 8] for at in range(0, 64, 8)).upper()
    paper = ("report", "verify", "--report", made["report"], "--revision", "1", "--digest", printed)
    assert kirdi(*paper).code == 13
    assert kirdi(*paper, "--practitioner", "D-2").code == 0

    kinds = {(one["kind"], one["reason"]) for one in kirdi.ok("audit", "list")}
    assert {("report", "made"), ("export", "export"), ("report", "verify")} <= kinds
