"""Who is here although the clinic says otherwise; and who is early where a person looks first."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.kirdi import Json, Kirdi, Service, appointment, write_csv
from tests.acceptance.people import unseen_clips

Enrol = Callable[[str], None]
DESK = ("--device", "desk-1", "--by", "dina")


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_code_of_a_noshow_waits_for_a_person_who_had_no_hand_in_it(kirdi: Kirdi) -> None:
    """The command takes the code; the service shows it, and one that is killed does not lose it."""
    kirdi.extra = {
        "codes": {"devices": {"desk-1": "main"}},
        "staff": {"practitioners": {"dr-test": "d-1"}},
    }
    kirdi.import_people(["A", "B"])
    (issued,) = kirdi.ok("codes", "issue", "A", "--by", "asel")
    set_to(kirdi, "noshow", "A", "B")
    told = kirdi("codes", "redeem", issued["code"], *DESK)
    assert told.code == 0
    assert "set to noshow" in told.out
    assert "a colleague is asked" in told.out
    by_hand = kirdi("check-ins", "add", "a-B", "--reason", "shows a passport", "--by", "dina")
    assert (by_hand.code, "somebody else is asked" in by_hand.err) == (4, True)
    with kirdi.service() as service:
        service.wait_until_logged('"service ready"', seconds=60)
        service.wait_for(lambda: len(listed(kirdi)) == 2, 30)
        service.kill()
    with kirdi.service() as service:
        service.wait_until_logged('"service ready"', seconds=60, times=2)
        (redeemed,) = kirdi.ok("codes", "redeem", issued["code"], *DESK)
        assert redeemed["to_review"], "shown again, it is the same review"
        waiting = {one["candidates"][0]["patient_ref"]: one for one in listed(kirdi)}
        review, manual = waiting["A"], waiting["B"]
        assert (review["method"], review["evidence"]) == ("code", "desk_code")
        assert (review["device_id"], review["reason"]) == ("desk-1", "noshow_set")
        assert (manual["method"], manual["evidence"]) == ("manual", "manual")
        shown = kirdi("review", "list").out
        assert "code (desk_code)" in shown
        assert "Person" not in shown, "a name is shown"

        key = review["review_id"][:8]
        for by, complaint in (("asel", "somebody else has to confirm"), ("dr-test", "d-1")):
            refused = kirdi("review", "confirm", key, "--by", by)
            assert (refused.code, complaint in refused.err) == (4, True), refused.err
        assert kirdi("review", "reject", key, "--by", "dr-test").code == 4
        confirmed = kirdi("review", "confirm", key, "--by", "aigul", "--json")
        assert (confirmed.code, confirmed.json) == (
            0,
            [{"appointment_ref": "a-A", "recorded": "refused_status"}],
        )
        kirdi.ok("review", "reject", manual["review_id"], "--by", "aigul")
        # Neither comes again today.
        kirdi.ok("codes", "redeem", issued["code"], *DESK)
        assert listed(kirdi) == []
    assert kirdi.statuses() == {"a-A": "noshow", "a-B": "noshow"}
    assert kirdi.check_ins() == []
    rows = kirdi.ok("presences", "list")
    kept = {(row["patient_ref"], row["flag"], row["method"]) for row in rows}
    assert kept == {("A", "conflict", "code"), ("B", "conflict", "manual")}


@pytest.mark.long
@pytest.mark.timeout(300)
def test_where_a_person_looks_first_who_is_early_waits_for_a_glance(
    kirdi: Kirdi, enrol: Enrol
) -> None:
    kirdi.extra = {"match": {"auto_arrive": "calibrated"}}
    kirdi.import_people(["A", "C"], datetime.now(UTC) + timedelta(hours=3))
    enrol("A")
    enrol("C")
    with kirdi.camera(unseen_clips("A")[0], unseen_clips("C")[0], loop=True) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url}]
        with kirdi.service() as service:
            service.wait_for(lambda: waiting_rows(kirdi, service) == 2, 90)
            waiting = {one["candidates"][0]["patient_ref"]: one for one in listed(kirdi)}
            assert waiting.keys() == {"A", "C"}
            review = waiting["A"]
            (candidate,) = review["candidates"]
            assert (review["reason"], candidate["appointments"]) == ("not_calibrated", [])
            (seen,) = candidate["seen"]
            assert (seen["flag"], seen["appointment"]["appointment_ref"]) == ("early", "a-A")
            assert kirdi.ok("presences", "list") == [], "nobody has looked yet"
            (kept,) = kirdi.ok("review", "confirm", review["review_id"], "--by", "aigul")
            assert kept == {"appointment_ref": "a-A", "flag": "early", "recorded": "written"}
            kirdi.ok("review", "reject", waiting["C"]["review_id"])
            # The clips loop: both are seen again a minute later, and nobody is asked again.
            decided = service.log.count('"decision"')
            service.wait_until_logged('"decision"', seconds=90, times=decided + 2)
            assert listed(kirdi) == []
            service.kill()
    (presence,) = kirdi.ok("presences", "list")
    assert (presence["patient_ref"], presence["flag"]) == ("A", "early")
    assert (presence["status"], presence["method"]) == ("booked", "face")
    assert presence["decided_by"].startswith("aigul (through ")
    assert kirdi.check_ins() == []


def waiting_rows(kirdi: Kirdi, service: Service) -> int:
    """How many the log says are waiting: a command each time would take the machine away."""
    lines = [json.loads(line) for line in service.log.splitlines() if '"decision"' in line]
    return len({one["patient"] for one in lines if one.get("outcome") == "review"})


def listed(kirdi: Kirdi) -> Json:
    return kirdi.ok("review", "list")


def set_to(kirdi: Kirdi, status: str, *refs: str) -> None:
    """The clinic's system has another word on the appointments."""
    file = kirdi.folder / "status.csv"
    now = datetime.now(UTC) + timedelta(minutes=10)
    write_csv(file, [appointment(f"a-{ref}", ref, now) | {"status": status} for ref in refs])
    kirdi.ok("appointments", "import", file)
