"""Desk mode through the command line: reception picks a patient, the desk camera compares."""

import json
import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.kirdi import COMMAND, Json, Kirdi, Result, appointment, write_csv
from tests.acceptance.people import unseen_clips

Enrol = Callable[[str], None]


@pytest.mark.long
@pytest.mark.timeout(300)
def test_who_stands_at_the_desk_is_the_patient_reception_picked(kirdi: Kirdi, enrol: Enrol) -> None:
    """A stands there all the time, in the mode that searches; nobody has calibrated the site."""
    kirdi.import_people(["A", "B", "D"])
    enrol("A")
    enrol("B")
    kirdi.extra = {"match": {"auto_arrive": "calibrated"}}
    with kirdi.camera(unseen_clips("A")[0], loop=True) as url:
        kirdi.cameras = [
            {"id": "desk-1", "url": url, "kind": "desk"},
            {"id": "lobby-1", "url": "rtsp://127.0.0.1:9/stream"},
        ]
        with kirdi.service() as service:
            service.wait_until_logged('"camera": "desk-1", "status": "streaming"')
            refused(
                kirdi,
                "A",
                "lobby-1",
                4,
                "is of kind lobby and compares nobody; choose one at the desk",
            )
            refused(kirdi, "D", "desk-1", 4, "no consent")

            # B was picked, A stands there. Meanwhile the camera takes nobody else, and whoever
            # gives up has the next one begin at once.
            waiting = popen(kirdi, "B")
            service.wait_for(lambda: busy(kirdi), 10)
            waiting.send_signal(signal.SIGINT)
            assert waiting.wait(10) == 130
            other = compare(kirdi, "B", "desk-1")
            assert other.code == 12, other.err
            assert other.json[0]["outcome"] == "not_matched"
            assert "proves nothing" in other.err
            assert kirdi.check_ins() == []

            # A walk-in, booked a moment ago.
            walk_in(kirdi, "a-walk-in")
            (match,) = compare(kirdi, "A", "desk-1", "--by", "Asel").json
            assert (match["outcome"], match["reason"]) == ("matched", "window_open")
            arrivals = {one["appointment_ref"]: one["recorded"] for one in match["arrivals"]}
            assert arrivals == {"a-A": "written", "a-walk-in": "written"}
            assert match["score"] >= match["threshold"]
            said = kirdi("desk", "compare", "A", "--camera", "desk-1")
            assert said.code == 0, said.err
            assert "It is patient A: already arrived" in said.out
            assert "Person" not in said.out
        stopped(kirdi)
    rows = {row["appointment_ref"]: row for row in kirdi.check_ins()}
    assert rows.keys() == {"a-A", "a-walk-in"}
    first = rows["a-A"]
    assert (first["method"], first["evidence"], first["camera"]) == ("desk", "face", "desk-1")
    assert first["decided_by"].startswith("Asel (through ")
    assert kirdi.statuses() == {
        "a-A": "arrived",
        "a-B": "booked",
        "a-D": "booked",
        "a-walk-in": "arrived",
    }


def compare(kirdi: Kirdi, ref: str, camera: str, *options: str) -> Result:
    return kirdi("desk", "compare", ref, "--camera", camera, *options, "--json")


def refused(kirdi: Kirdi, ref: str, camera: str, code: int, words: str, *options: str) -> None:
    result = compare(kirdi, ref, camera, *options)
    assert (result.code, result.out) == (code, ""), result.err
    assert words in result.err


def popen(kirdi: Kirdi, ref: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "desk", "compare", ref, "--camera", "desk-1"],
        env=kirdi.env,
        cwd=kirdi.folder,
        stderr=subprocess.PIPE,
        text=True,
    )


def busy(kirdi: Kirdi) -> bool:
    return "another comparison is under way" in compare(kirdi, "D", "desk-1").err


def walk_in(kirdi: Kirdi, ref: str) -> None:
    file = kirdi.folder / "walk-in.csv"
    starts = datetime.now(UTC) + timedelta(minutes=20)
    write_csv(file, [appointment(ref, "A", starts)])
    kirdi.ok("appointments", "import", file)


def stopped(kirdi: Kirdi) -> Json:
    """What was logged of the comparisons: opaque ids only."""
    lines = (kirdi.folder / "service.log").read_text().splitlines()
    found = [json.loads(line) for line in lines if '"desk comparison"' in line]
    assert found
    assert all("patient_ref" not in one for one in found)
    return found
