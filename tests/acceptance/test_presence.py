"""Early, taken back, by hand, booked afterwards: a day's corrections through the command line."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.kirdi import Kirdi, appointment, write_csv
from tests.acceptance.people import unseen_clips


@pytest.mark.long
@pytest.mark.timeout(300)
def test_early_wrong_person_and_booked_afterwards(
    kirdi: Kirdi, enrol: Callable[[str], None]
) -> None:
    kirdi.import_people(["A", "C"])
    now = datetime.now(UTC)
    moved(kirdi, "A", now + timedelta(hours=3))
    enrol("A")
    enrol("C")
    with kirdi.camera(unseen_clips("A")[0], unseen_clips("C")[0], loop=True) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url}]
        with kirdi.service() as service:
            service.wait_until_logged('"recorded": "written"', seconds=60)
            service.wait_until_logged('"reason": "early"', seconds=60)
            (undone,) = kirdi.ok(
                *("check-ins", "undo", "a-C", "--reason", "it was her sister", "--wrong-person"),
                *("--by", "aigul"),
            )
            assert (undone["patient_ref"], undone["blocked"]) == ("C", True)
            # The clips loop: C is seen again, and the running service knows.
            service.wait_until_logged('"reason": "blocked_today"', seconds=60)
            assert kirdi.statuses() == {"a-A": "booked", "a-C": "booked"}
            assert kirdi.check_ins() == []
            # One in ten minutes of the clock, so there may be two.
            early = [one for one in presences(kirdi) if one["flag"] == "early"]
            assert {(one["patient_ref"], one["appointment_ref"]) for one in early} == {("A", "a-A")}
            # Nobody is before a camera any more when the appointment comes nearer.
            kirdi.cameras = []
            kirdi.ok("reload")
            moved(kirdi, "A", now + timedelta(hours=1))
            service.wait_until_logged("arrived by an earlier sighting", seconds=30)
            service.wait_until_logged('"recorded": "written"', seconds=30, times=2)
    (check_in,) = kirdi.check_ins()
    assert (check_in["appointment_ref"], check_in["method"]) == ("a-A", "face")
    assert check_in["occurred_at"] in {one["occurred_at"] for one in early}
    (done,) = kirdi.ok("check-ins", "add", "a-C", "--reason", "showed her card", "--by", "aigul")
    assert done["appointment_ref"] == "a-C"
    assert kirdi.statuses() == {"a-A": "arrived", "a-C": "arrived"}
    rows = kirdi.ok("check-ins", "list", "--undone")
    told = [(one["patient_ref"], one["method"], one["undone_reason"]) for one in rows]
    assert told == [
        ("C", "face", "it was her sister"),
        ("A", "face", None),
        ("C", "manual", None),
    ] or told == [("A", "face", None), ("C", "face", "it was her sister"), ("C", "manual", None)]
    assert rows[-1]["decided_by"].startswith("aigul (through ")


@pytest.mark.long
def test_what_cannot_be_corrected_says_why(kirdi: Kirdi, tmp_path: Path) -> None:
    kirdi.extra = {"staff": {"practitioners": {"dr-test": "d-1"}}}
    kirdi.import_people(["A"])
    for words, complaint in (
        (("undo", "a-A", "--reason", "x"), "a-A: has no check-in in force"),
        (("add", "a-A", "--reason", "  "), "--reason: is empty"),
        (("add", "a-A", "--reason", "x", "--at", "9 o'clock"), "write HH:MM"),
        (("add", "a-A", "--reason", "x", "--at", "00:00"), "arrival window does not hold"),
        (("add", "a-A", "--reason", "x", "--by", "dr-test"), "is practitioner d-1"),
    ):
        result = kirdi("check-ins", *words)
        assert (result.code, result.out) == (4, ""), result.err
        assert complaint in result.err
    assert kirdi("check-ins", "add", "a-A").code == 2, "a reason is needed"
    assert "by hand" in kirdi("check-ins", "add", "a-A", "--reason", "no camera here").out
    assert "booked again" in kirdi("check-ins", "undo", "a-A", "--reason", "wrong row").out
    assert kirdi.statuses() == {"a-A": "booked"}
    assert "No presences" in kirdi("presences", "list").out


def moved(kirdi: Kirdi, ref: str, starts: datetime) -> None:
    file = kirdi.folder / "moved.csv"
    write_csv(file, [appointment(f"a-{ref}", ref, starts)])
    kirdi.ok("appointments", "import", file)


def presences(kirdi: Kirdi) -> list[dict[str, str]]:
    return kirdi.ok("presences", "list")
