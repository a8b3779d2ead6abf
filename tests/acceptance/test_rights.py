"""Export, erasure, retention and a breach, as the person at the clinic's terminal does them."""

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from streamer.embedded.services import EmbeddedServers
from streamer.storage.database_role import DatabaseRole
from tests.acceptance.kirdi import ZONE, Kirdi, appointment, person, write_csv

PEOPLE = [
    person("P-1", full_name="Әлия Қожа", phone="+77011234567", language="kk"),
    person("P-2", full_name="Ерлан Ұлы", phone="+77017654321", language="ru"),
]
LONG_AGO = datetime(2015, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def kirdi(tmp_path: Path) -> Iterator[Kirdi]:
    """Its database stays up between the commands, which is quicker."""
    kirdi = Kirdi(tmp_path)
    servers = EmbeddedServers(kirdi.home)
    holder = servers.acquire(database=True, redis=False)
    yield kirdi
    servers.release(holder)


def test_export_and_erase(kirdi: Kirdi) -> None:
    patients, file = kirdi.folder / "patients.csv", kirdi.folder / "p1.json"
    write_csv(patients, PEOPLE)
    kirdi.ok("patients", "import", patients)
    kirdi.ok("patients", "export", "P-1", "-o", file)
    assert json.loads(file.read_text())["profile"]["full_name"] == "Әлия Қожа"
    (erased,) = kirdi.ok("patients", "erase", "P-1", "--reason", "letter-5", "--yes")
    assert erased["receipt"]["log_clean_at"] is not None
    (back,) = kirdi.ok("patients", "import", patients)
    assert (back["unchanged"], back["left_out"]) == (1, 1)


@pytest.mark.long
def test_rights_and_retention(kirdi: Kirdi) -> None:
    patients, appointments = kirdi.folder / "patients.csv", kirdi.folder / "appointments.csv"
    write_csv(patients, PEOPLE)
    soon = datetime.now(UTC) + timedelta(minutes=30)
    rows = [appointment("A-1", "P-1", soon), appointment("A-2", "P-2", LONG_AGO)]
    write_csv(appointments, rows)
    kirdi.ok("patients", "import", patients)
    kirdi.ok("appointments", "import", appointments)
    kirdi.consent("P-1")
    kirdi.ok("check-ins", "add", "A-1", "--reason", "telephone of Mrs Qozha is flat")

    # Everything about a patient, for the patient alone; nothing is written over.
    file = kirdi.folder / "p1.json"
    kirdi.ok("patients", "export", "P-1", "-o", file)
    said = json.loads(file.read_text())
    assert said["profile"]["full_name"] == "Әлия Қожа"
    assert [one["appointment_ref"] for one in said["check_ins"]] == ["A-1"]
    assert said["consents"][0]["text"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = kirdi("patients", "export", "P-1", "-o", file)
    assert (again.code, "not written over" in again.err) == (4, True)
    pdf = kirdi.folder / "p1.pdf"
    kirdi.ok("patients", "export", "P-1", "-o", pdf)
    assert pdf.read_bytes().startswith(b"%PDF-")

    # What is too old: counted, then deleted, then reported.
    (dry,) = kirdi.ok("retention", "run", "--dry-run")
    assert dry == {"dry_run": True, "deleted": {"appointments": 1}}
    (job,) = kirdi.ok("jobs", "run", "retention", "--by", "aigul")
    assert job["outcome"]["appointments"] == 1
    (asked,) = kirdi.ok("audit", "list", "--kind", "job-run")
    assert (asked["entity_id"], "aigul" in asked["actor"]) == (f"retention/{job['period']}", True)
    second = kirdi("jobs", "run", "retention")
    assert (second.code, "is done" in second.err) == (4, True)
    assert [one["state"] for one in kirdi.ok("jobs", "list")] == ["done"]
    (shown,) = kirdi.ok("retention", "show")
    assert shown["runs"][0]["deleted"] == {"appointments": 1}

    # A breach: papers in three languages, the list of people sealed.
    papers = kirdi.folder / "breach"
    # The last day is meant whole.
    today = f"{datetime.now(UTC).astimezone(ZoneInfo(ZONE)):%Y-%m-%d}"
    times = ("--from", today, "--to", today)
    (breach,) = kirdi.ok("incident", "report", *times, "-o", papers)
    assert breach["affected"] == 2
    for one in papers.iterdir():
        assert stat.S_IMODE(one.stat().st_mode) == 0o600
        assert "Қожа".encode() not in one.read_bytes()
    opened = kirdi.folder / "affected.csv"
    sealed = papers / "affected.sealed"
    wrong = kirdi("incident", "open", sealed, "-o", opened, stdin="A" * 52)
    assert (wrong.code, opened.exists()) == (9, False)
    assert kirdi("incident", "open", sealed, "-o", opened, stdin=breach["secret"]).code == 0
    assert "Әлия Қожа" in opened.read_text(encoding="utf-8-sig")

    # Gone at the patient's wish, and not back with the next import.
    named = kirdi("patients", "erase", "P-1", "--reason", "letter of Mrs Qozha", "--yes")
    assert (named.code, "no names" in named.err) == (4, True)
    unasked = kirdi("patients", "erase", "P-1", "--reason", "letter-5")
    assert (unasked.code, "--yes" in unasked.err) == (4, True)
    (erased,) = kirdi.ok("patients", "erase", "P-1", "--reason", "letter-5", "--yes")
    assert erased["receipt"]["files_clean_at"] is not None
    assert {"check_ins", "appointments", "audit"} <= {one["kind"] for one in erased["kept"]}
    (back,) = kirdi.ok("patients", "import", patients)
    assert back == {"created": 0, "updated": 0, "unchanged": 1, "left_out": 1}
    (back,) = kirdi.ok("appointments", "import", appointments)
    assert (back["created"], back["left_out"]) == (1, 1)
    assert "erased" in kirdi("patients", "erase", "P-1", "--reason", "5", "--yes").err
    (check_in,) = kirdi.check_ins()
    assert check_in["patient_ref"] == f"erased-{erased['patient_id']}"
    assert check_in["note"] == "(erased)"
    (new,) = kirdi.ok("patients", "import", patients, "--readmit", "P-1")
    assert new["created"] == 1


@pytest.mark.long
def test_the_service_deletes_what_is_too_old_by_itself(kirdi: Kirdi) -> None:
    """And where the settings name nobody who may, it says so when it starts."""
    patients, appointments = kirdi.folder / "patients.csv", kirdi.folder / "appointments.csv"
    write_csv(patients, PEOPLE)
    write_csv(appointments, [appointment("A-2", "P-2", LONG_AGO)])
    kirdi.ok("patients", "import", patients)
    kirdi.ok("appointments", "import", appointments)
    with kirdi.service() as service:
        service.wait_until_logged("job done", times=2)
        assert "retention will not run" not in service.log
    runs = kirdi.ok("jobs", "list")
    assert sorted((one["job"], one["state"]) for one in runs) == [
        ("report-revisions", "done"),
        ("retention", "done"),
    ]
    (done,) = (one for one in runs if one["job"] == "retention")
    assert (done["state"], json.loads(done["outcome"])["appointments"]) == ("done", 1)
    (shown,) = kirdi.ok("retention", "show")
    assert [one["deleted"] for one in shown["runs"]] == [{"appointments": 1, "practitioners": 1}]

    url = EmbeddedServers(kirdi.home).database_url(DatabaseRole.SERVICE)
    kirdi.extra = {"database": {"url": url}}
    with kirdi.service() as service:
        service.wait_until_logged("retention will not run")
        assert "database.retention_url: is not set" in service.log
    refused = kirdi("retention", "run")
    assert (refused.code, "database.retention_url: is not set" in refused.err) == (5, True)
