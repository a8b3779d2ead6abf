"""A site that has not calibrated: a match waits for a person, who confirms or rejects it."""

import json
from collections.abc import Callable

import pytest

from tests.acceptance.kirdi import Json, Kirdi
from tests.acceptance.people import unseen_clips
from tests.acceptance.test_privacy import search

Enrol = Callable[[str], None]


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_person_confirms_or_rejects_what_the_camera_proposes(kirdi: Kirdi, enrol: Enrol) -> None:
    kirdi.extra = {"match": {"auto_arrive": "calibrated"}}
    kirdi.import_people(["A", "C"])
    enrol("A")
    enrol("C")
    clips = [unseen_clips("A")[0], unseen_clips("C")[0]]
    with kirdi.camera(*clips, loop=True) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url}]
        with kirdi.service() as service:
            # Looked at in the log: a command each time would take the machine from the service.
            service.wait_for(lambda: len(reviewed(service.log, "not_calibrated")) == 2, 60)
            waiting = {one["candidates"][0]["patient_ref"]: one for one in listed(kirdi)}
            assert waiting.keys() == {"A", "C"}
            assert kirdi.check_ins() == []
            review, (candidate,) = waiting["A"], waiting["A"]["candidates"]
            assert (review["reason"], review["band"]) == ("not_calibrated", "accept")
            assert candidate["score"] >= review["threshold"]
            assert [one["appointment_ref"] for one in candidate["appointments"]] == ["a-A"]
            assert "Person" not in kirdi("review", "list").out, "a name is shown"

            (arrival,) = kirdi.ok("review", "confirm", review["review_id"][:8])
            assert arrival == {"appointment_ref": "a-A", "recorded": "written"}
            assert kirdi("review", "confirm", review["review_id"]).code == 4
            rejected = waiting["C"]["candidates"][0]["score"]
            kirdi.ok("review", "reject", waiting["C"]["review_id"])
            # The clips loop: C is seen again, and does not arrive.
            service.wait_until_logged("rejected_today", seconds=60)
            assert waiting["C"]["review_id"] not in {one["review_id"] for one in listed(kirdi)}
        # The day's rejections outlive the service, whatever it may do by itself.
        kirdi.extra = {"match": {"auto_arrive": "always"}}
        before = service.log.count("rejected_today")
        with kirdi.service() as service:
            service.wait_until_logged("rejected_today", seconds=60, times=before + 1)
            # Asked about again is only what is surer than what was rejected.
            for again in listed(kirdi):
                (candidate,) = again["candidates"]
                assert candidate["patient_ref"] == "C"
                assert candidate["score"] > rejected
            # A crop waits in the service's memory, and nowhere else.
            assert search(kirdi) == set()
    (check_in,) = kirdi.check_ins()
    assert (check_in["patient_ref"], check_in["evidence"]) == ("A", "face")
    assert check_in["decided_by"]
    assert kirdi.statuses() == {"a-A": "arrived", "a-C": "booked"}
    assert kirdi("review", "list").code == 1, "no service, no reviews"


def reviewed(log: str, reason: str) -> set[str]:
    """The patients, by number, whose matches were put before a person for this reason."""
    decisions = [json.loads(line) for line in log.splitlines() if '"decision"' in line]
    return {one["patient"] for one in decisions if one.get("reason") == reason}


def listed(kirdi: Kirdi) -> Json:
    return kirdi.ok("review", "list")
