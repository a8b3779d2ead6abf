"""A day's report from end to end: who is recognised before a camera, who shows a code, who never
came, and what is billed for each of them.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.kirdi import ZONE, Kirdi, appointment, person, write_csv
from tests.acceptance.people import unseen_clips

Enrol = Callable[[str], None]
Said = tuple[str, str | None, str | None, str | None, str]

SETTINGS = {
    "site": {"id": "test-1", "name": "Test", "time_zone": ZONE, "buildings": ["main", "annex"]},
    # The shortest window there is: the minute before the start.
    "arrival": {"opens_before_min": 1, "closes_after_min": 0, "presence_before_min": 1},
    "codes": {"devices": {"desk-1": "main"}},
    # On a busy machine two would wait for each other.
    "models": {"threads": 1},
    "staff": {"practitioners": {"crooked": "d-2"}},
}
PATIENTS = {
    "A": "recognised",
    "B": "recognised",
    "C": "enrolled, and never comes",
    "D": "shows a code",
    "E": "without a face, and never comes",
    "F": "is seen at home",
    "G": "is booked where the camera is dead",
    "H": "has no appointment",
    "K": "never comes, and is confirmed at the desk of who bills it",
}
# What has to be said of each: verdict, grade, cause, why not applicable; and by which rules.
APPOINTMENTS: dict[str, Said] = {
    "a-A": ("verified", "face", None, None, ""),
    "a-B": ("verified", "face", None, None, ""),
    "a-C": ("unverified", None, None, None, ""),
    "a-D": ("verified", "desk_code", None, None, ""),
    "a-E": ("unverified", None, None, None, ""),
    "a-F": ("not_applicable", None, None, "home", ""),
    "a-G": ("unknown", None, "camera_down", None, ""),
    "a-K": ("unverified", None, None, None, ""),
}
CLAIMS: dict[str, Said] = {
    "c-A": ("verified", "face", None, None, ""),
    "c-A-later": ("verified", "same_day", None, None, ""),
    "c-B": ("verified", "face", None, None, ""),
    "c-B-twice": ("verified", "face", None, None, "duplicate"),
    "c-C": ("unverified", None, None, None, ""),
    "c-D": ("verified", "desk_code", None, None, ""),
    "c-E": ("unverified", None, None, None, ""),
    "c-E-twice": ("unverified", None, None, None, "duplicate"),
    "c-F": ("not_applicable", None, None, "home", ""),
    "c-G": ("unknown", None, "camera_down", None, ""),
    "c-H": ("unknown", None, "no_appointment", None, ""),
    "c-K": ("unverified", None, None, None, ""),
}
EXPECTED = APPOINTMENTS | CLAIMS


@pytest.mark.long
@pytest.mark.timeout(420)
def test_each_visit_of_a_day_gets_its_verdict(kirdi: Kirdi, enrol: Enrol, tmp_path: Path) -> None:
    kirdi.extra = SETTINGS
    patients = tmp_path / "patients.csv"
    write_csv(patients, [person(ref) for ref in PATIENTS])
    kirdi.ok("patients", "import", patients)
    with (
        kirdi.camera(unseen_clips("A")[0], loop=True) as front,
        kirdi.camera(unseen_clips("B")[0], loop=True) as back,
        kirdi.service() as service,
    ):
        for ref in "ABC":
            enrol(ref)
        # A slow machine must not drop frames: then nobody could say that nobody came.
        seen = {"building": "main", "analyse_fps": 1}
        kirdi.cameras = [
            {"id": "lobby-1", "entrance": "front", "url": front} | seen,
            {"id": "lobby-2", "entrance": "back", "url": back} | seen,
            # Nobody listens there.
            {"id": "annex-1", "url": "rtsp://127.0.0.1:9/stream", "building": "annex"},
        ]
        kirdi.ok("reload")
        service.wait_until_logged('"status": "streaming"', seconds=60, times=2)
        service.wait_until_logged('"camera": "annex-1", "status": "down"', seconds=60)
        # Known before the window opens: later would be too late to look for anybody.
        starts = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=70)
        book(kirdi, starts)
        assert datetime.now(UTC) < starts - timedelta(minutes=1), "the machine is too slow"
        service.wait_for(lambda: datetime.now(UTC) > starts - timedelta(seconds=58), 60)
        show_codes(kirdi, starts)
        service.wait_for(lambda: arrived(kirdi) == {"a-A", "a-B", "a-D"}, 60)
        # What was covered is noted every five seconds.
        service.wait_for(lambda: datetime.now(UTC) > starts + timedelta(seconds=6), 90)
        bill(kirdi, starts)
        as_json = reported(kirdi, "json")
    as_csv, page = (reported(kirdi, form, "--revision", "1") for form in ("csv", "html"))
    said = json.loads(as_json)
    rows = {row["ref"]: row for day in said["days"] for row in day["rows"]}
    assert {ref: of_json(row) for ref, row in rows.items()} == EXPECTED
    lines = csv.DictReader(io.StringIO(as_csv.removeprefix("\ufeff")))
    assert {line["ref"]: of_csv(line) for line in lines} == EXPECTED
    assert verdict_counts(page) == counted()
    for ref, camera in (("a-A", "lobby-1"), ("a-B", "lobby-2")):
        evidence = rows[ref]["evidence"]
        assert (evidence["method"], evidence["place"]) == ("face", camera)
    assert {ref for ref, row in rows.items() if row.get("own_evidence")} == {"a-K", "c-K"}
    # At risk is what a rule has found, and nobody for not having been seen.
    assert {ref for ref, row in rows.items() if row.get("certain")} == {"c-B-twice", "c-E-twice"}
    assert not any(row.get("estimated") for row in rows.values())
    total = said["report"]["total"]
    assert total["certain"] == {"claims": 2, "amounts": {"KZT": "2000.00"}}
    for ref in PATIENTS:
        assert f"Person {ref}" not in as_json + as_csv + page


def book(kirdi: Kirdi, starts: datetime) -> None:
    """Each patient's appointment, all at one time; at d-2 what the practitioner makes up."""
    rows = []
    for ref in "ABCDEFGK":
        row = appointment(f"a-{ref}", ref, starts)
        row |= {"building": "main", "place": "site", "practitioner_ref": "d-1"}
        rows.append(row)
    changes = {"a-F": {"place": "home"}, "a-G": {"building": "annex"}}
    for row in rows:
        row |= changes.get(row["appointment_ref"], {})
        if row["appointment_ref"] == "a-K":
            row |= {"practitioner_ref": "d-2", "practitioner_name": "Dr. Crooked"}
    file = kirdi.folder / "day.csv"
    write_csv(file, rows)
    kirdi.ok("appointments", "import", file)


def show_codes(kirdi: Kirdi, starts: datetime) -> None:
    """D has one from reception. Who bills K is given none, and confirms K at their own desk."""
    (issued,) = kirdi.ok("codes", "issue", "D", "--by", "asel")
    desk = ("--device", "desk-1", "--by", "dina")
    (redeemed,) = kirdi.ok("codes", "redeem", issued["code"], *desk)
    assert redeemed["answer"] == "arrived"
    refused = kirdi("codes", "issue", "K", "--by", "crooked")
    assert (refused.code, "somebody else has to do this" in refused.err) == (4, True)
    file = kirdi.folder / "confirmations.csv"
    confirmed = {
        "confirmation_ref": "f-K",
        "patient_ref": "K",
        "method": "face_id",
        "confirmed_at": starts.isoformat(),
        "appointment_ref": "a-K",
        "taken_by": "d-2",
    }
    write_csv(file, [confirmed])
    kirdi.ok("confirmations", "import", file)


def arrived(kirdi: Kirdi) -> set[str]:
    return {ref for ref, status in kirdi.statuses().items() if status == "arrived"}


def bill(kirdi: Kirdi, starts: datetime) -> None:
    """What everybody bills, the phantoms' too."""
    rows = [
        {
            "claim_ref": ref,
            # What is billed twice names the appointment once.
            "appointment_ref": f"a-{ref[2]}" if ref not in ("c-A-later", "c-H") else "",
            "patient_ref": ref[2],
            "practitioner_ref": {"c-K": "d-2", "c-A-later": "d-3"}.get(ref, "d-1"),
            "service_code": "S2" if ref == "c-A-later" else "S1",
            "service_name": "Visit",
            "performed_at": starts.isoformat(),
            "amount": "1000.00",
            "currency": "KZT",
        }
        for ref in CLAIMS
    ]
    file = kirdi.folder / "claims.csv"
    write_csv(file, rows)
    kirdi.ok("claims", "import", file)


def reported(kirdi: Kirdi, form: str, *more: str) -> str:
    file = kirdi.folder / f"report.{form}"
    words = ("report", "appointment-match", "--date", "today", "-o", file, "--lang", "en")
    (made,) = kirdi.ok(*words, *more)
    assert made["revision"] == 1
    return file.read_text()


def of_json(row: dict[str, Any]) -> Said:
    rules = " ".join(one["code"] for one in row.get("findings", ()))
    told = (row.get(name) for name in ("verdict", "grade", "cause", "not_applicable"))
    return (*told, rules)  # type: ignore[return-value]


def of_csv(row: dict[str, str]) -> Said:
    told = (row[name] or None for name in ("verdict", "grade", "cause", "not_applicable"))
    return (*told, row["rules"])  # type: ignore[return-value]


def verdict_counts(page: str) -> dict[str, tuple[int, int]]:
    """The four verdicts' appointments and claims, as a reader of the page sees them."""
    (table,) = re.findall(r'<section id="report-glance".*?</table>', page, re.DOTALL)
    found: dict[str, tuple[int, int]] = {}
    for row in re.findall(r'<tr class="strong">(.*?)</tr>', table, re.DOTALL):
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
        found[cells[0]] = int(cells[1]), int(cells[3])
    return found


def counted() -> dict[str, tuple[int, int]]:
    words = {
        "verified": "Verified",
        "unverified": "Unverified",
        "unknown": "Unknown",
        "not_applicable": "Not applicable",
    }
    visits, claims = (Counter(one[0] for one in said.values()) for said in (APPOINTMENTS, CLAIMS))
    return {word: (visits[kind], claims[kind]) for kind, word in words.items()} | {
        "Total": (len(APPOINTMENTS), len(CLAIMS))
    }
