"""`kirdi report` as a head physician and an auditor use it: made, written, kept, checked."""

import asyncio
import json
import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.load import load_settings
from streamer.backend import open_backend
from streamer.bench.reports.made_period import Maker, honest_visits
from streamer.bench.reports.made_settings import made_settings
from streamer.bench.reports.write_period import write_period
from streamer.clock import SystemClock
from streamer.domain.patient import Patient
from streamer.storage.profile import place_of_profile, profile_bytes
from tests.acceptance.conftest import copied
from tests.acceptance.kirdi import ZONE, Kirdi, Result

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
    assert [line.split(",")[4] for line in lines[1:]] == ["A-2", "C-2"]
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

    # Billed late: another revision says what differs, and the file is of an older one.
    late = tmp_path / "late.csv"
    late.write_text(
        f"{CLAIMED},performed_at,amount,currency\nC-3,A-1,P-1,D-1,S2,Test,{day}T10:10,500.00,KZT\n"
    )
    kirdi.ok("claims", "import", late)
    newer = tmp_path / "newer.json"
    (written,) = kirdi.ok("report", "appointment-match", *days, "-o", newer)
    assert written["revision"] == 2
    # Whoever makes a revision writes what is kept of it, its changes included.
    assert kirdi("report", "verify", newer).code == 0
    (second,) = kirdi.ok("report", "run", *days)
    assert second["revision"] == 2
    assert second["changes"] == {"claims.verified.face": [1, 2], "claims.total": [2, 3]}
    told = kirdi("report", "verify", file)
    assert (told.code, "revision 1 of" in told.out) == (0, True)
    assert "A newer one is kept: revision 2." in told.out


WORDS = "came by the ambulance ramp\nwith her son"


async def watched_week(kirdi: Kirdi, maker: Maker) -> None:
    """Write visits of a week in which entrances were watched, as no import could."""
    settings = load_settings(kirdi.write_settings(), {})
    async with open_backend(settings, kirdi.home, SystemClock()) as backend:
        await write_period(backend.database, settings.site.id, maker)
        vault = backend.database.vault
        async with backend.database.postgres.transaction() as connection:
            for row in await connection.fetch("SELECT patient_id, patient_ref FROM patients"):
                person = row["patient_id"]
                key = vault.new_data_key(person)
                sealed = profile_bytes(Patient(row["patient_ref"], "Full Name"))
                await connection.execute(
                    "UPDATE patients SET wrapped_key = $2, sealed_profile = $3 "
                    "WHERE patient_id = $1",
                    *(person, key, vault.seal(key, place_of_profile(person), sealed)),
                )


def rows_in(file: Path) -> list[dict[str, Any]]:
    return [row for day in json.loads(file.read_text())["days"] for row in day["rows"]]


@pytest.mark.long
def test_a_practitioner_answers_and_somebody_else_decides(unused: Kirdi, tmp_path: Path) -> None:
    kirdi = copied(unused, tmp_path)
    today = datetime.now(ZoneInfo("Asia/Almaty")).date()
    monday = today - timedelta(days=today.weekday() + 7)
    days = ("--from", monday.isoformat(), "--to", (monday + timedelta(days=6)).isoformat())
    maker = Maker(monday, 7, seed=9)
    honest_visits(maker, 240)
    site = {"id": "test-1", "name": "Test", "time_zone": "Asia/Almaty"}
    kirdi.extra = made_settings(maker, site)
    asyncio.run(watched_week(kirdi, maker))
    file = tmp_path / "day.json"
    (made,) = kirdi.ok("report", "appointment-match", *days, "-o", file)
    rows = rows_in(file)
    unseen = [one for one in rows if one["verdict"] == "unverified"]
    assert unseen
    row = next(one for one in unseen if one["kind"] == "appointment")
    other = next(one for one in rows if one["practitioner_ref"] != row["practitioner_ref"])
    kirdi.extra |= {"staff": {"practitioners": {"aigul": row["practitioner_ref"]}}}

    def reply(*words: str, stdin: str = "") -> Result:
        return kirdi("report", "reply", *words, "--json", stdin=stdin)

    add = ("add", made["report"], "--reason", "-", "--by", "aigul")
    both = reply(*add, "--appointment", row["ref"], "--claim", row["ref"], stdin=WORDS)
    assert (both.code, "not both" in both.err) == (4, True)
    theirs = reply(*add, f"--{other['kind']}", other["ref"], stdin=WORDS)
    assert theirs.code != 0
    assert "no visit of yours" in theirs.err
    kept = reply(*add, "--appointment", row["ref"], "--document", "protocol 7", stdin=WORDS)
    assert kept.code == 0, kept.err
    (listed,) = reply("list", "--state", "waiting", "--by", "botagoz").json
    assert listed["reply_id"] == kept.json[0]["reply_id"]
    assert (listed["reason"], listed["document_ref"]) == (" ".join(WORDS.split()), "protocol 7")
    assert reply("list", "--by", "aigul").json == [listed]
    # Not who wrote it; and who rejects says why.
    ours = reply("accept", listed["reply_id"], "--by", "Aigul")
    assert (ours.code == 0, "another person" in ours.err) == (False, True)
    assert reply("reject", listed["reply_id"], "--note", " ", "--by", "botagoz").code == 4
    rejected = reply("reject", listed["reply_id"], "--note", "which ramp?", "--by", "botagoz")
    assert (rejected.json[0]["state"], rejected.json[0]["revision"]) == ("rejected", None)
    late = reply("accept", listed["reply_id"], "--by", "botagoz")
    assert "decided already" in late.err
    better = reply(*add, "--appointment", row["ref"], stdin=WORDS).json[0]
    accepted = reply("accept", better["reply_id"], "--note", "seen", "--by", "botagoz")
    assert accepted.code == 0, accepted.err
    assert (accepted.json[0]["state"], accepted.json[0]["revision"]) == ("accepted", 2)
    file = tmp_path / "second.json"
    kirdi.ok("report", "appointment-match", *days, "-o", file)
    rows = rows_in(file)
    (explained,) = [one for one in rows if (one["kind"], one["ref"]) == ("appointment", row["ref"])]
    assert (explained["verdict"], explained["explained"]) == ("unverified", True)
    # A report and the audit say that there was an answer, and none of its words.
    assert "ambulance" not in file.read_text()
    audit = json.dumps(kirdi.ok("audit", "list"))
    assert "answered" in audit
    assert "ambulance" not in audit
