"""The main job, on recorded people: who consented and has an appointment arrives, nobody else."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.kirdi import Kirdi, appointment, write_csv
from tests.acceptance.people import ENROLLED_FROM, unseen_clips

Enrol = Callable[[str], None]


def test_each_person_arrives_exactly_once(kirdi: Kirdi, enrol: Enrol) -> None:
    """Two cameras look at the same lobby, and every clip of the three people passes."""
    kirdi.import_people([*ENROLLED_FROM, "D"])
    for person in ENROLLED_FROM:
        enrol(person)
    clips = [clip for person in ENROLLED_FROM for clip in unseen_clips(person)]
    with kirdi.camera(*clips) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url}, {"id": "lobby-2", "url": url}]
        with kirdi.service() as service:
            service.wait_until_logged('"status": "streaming"', times=2)
            service.wait_for(lambda: len(kirdi.check_ins()) >= 3, 60)
            # Both cameras see every clip to the end; nobody may arrive a second time.
            for camera in ("lobby-1", "lobby-2"):
                service.wait_until_logged(f'"camera": "{camera}", "status": "down"', seconds=60)
    assert min(service.analysed().values()) > 20
    rows = kirdi.check_ins()
    assert sorted(row["patient_ref"] for row in rows) == ["A", "B", "C"]
    assert {row["method"] for row in rows} == {"face"}
    assert all(row["score"] >= row["threshold"] for row in rows)
    assert kirdi.statuses() == {
        "a-A": "arrived",
        "a-B": "arrived",
        "a-C": "arrived",
        "a-D": "booked",
    }


@pytest.mark.long
def test_the_bystander_is_nobody(kirdi: Kirdi, enrol: Enrol) -> None:
    """In bird.mkv stand B, not enrolled here, and half a face at the border; then A passes."""
    bird = next(clip for clip in unseen_clips("B") if clip.stem == "bird")
    kirdi.import_people(["A", "B", "C"])
    enrol("A")
    enrol("C")
    with kirdi.camera(bird, *unseen_clips("B"), *unseen_clips("A")) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url}]
        with kirdi.service() as service:
            service.wait_until_logged('"camera": "lobby-1", "status": "down"', seconds=60)
    assert [row["patient_ref"] for row in kirdi.check_ins()] == ["A"]
    assert service.analysed()["lobby-1"] >= 10


@pytest.mark.long
def test_who_stays_arrives_for_a_later_booking_too(kirdi: Kirdi, enrol: Enrol) -> None:
    """B holds a hand before the mouth for most of the clip, again and again."""
    bird = next(clip for clip in unseen_clips("B") if clip.stem == "bird")
    kirdi.import_people(["B"])
    enrol("B")
    with kirdi.camera(bird, loop=True) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url}]
        with kirdi.service() as service:
            service.wait_for(lambda: len(kirdi.check_ins()) == 1, 30)
            time.sleep(8)
            later = kirdi.folder / "later.csv"
            starts = datetime.now(UTC) + timedelta(minutes=20)
            write_csv(later, [appointment("a-later", "B", starts)])
            kirdi.ok("appointments", "import", later)
            service.wait_for(lambda: kirdi.statuses()["a-later"] == "arrived", 20)
    assert len(kirdi.check_ins()) == 2


@pytest.mark.long
def test_nobody_is_searched_for_outside_the_lane_or_at_the_desk(kirdi: Kirdi, enrol: Enrol) -> None:
    kirdi.import_people(["A"])
    enrol("A")
    corner = [[0.0, 0.0], [0.1, 0.0], [0.1, 0.1]]
    with kirdi.camera(unseen_clips("A")[0], loop=True) as url:
        desk = {"recognition": {"mode": "desk"}}
        for run, (extra, lane) in enumerate((({}, corner), (desk, None)), start=1):
            # Every due frame, moving or not: at a desk nobody is followed.
            camera = {"id": "lobby-1", "url": url, "lane": lane, "motion_gate": False}
            kirdi.extra, kirdi.cameras = extra, [camera]
            with kirdi.service() as service:
                service.wait_until_logged('"status": "streaming"', times=run)
                time.sleep(5)
            assert service.analysed()["lobby-1"] > 2
            assert kirdi.check_ins() == []
    kirdi.extra = {"recognition": {"mode": "lobby"}}
    assert kirdi("run").code == 3


@pytest.mark.long
def test_a_closed_window_is_no_arrival(kirdi: Kirdi, enrol: Enrol) -> None:
    kirdi.import_people(["A"], starts=datetime.now(UTC) + timedelta(hours=5))
    enrol("A")
    with kirdi.camera(unseen_clips("A")[0], loop=True) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url}]
        with kirdi.service() as service:
            service.wait_until_logged('"status": "streaming"')
            time.sleep(6)
            assert kirdi.check_ins() == []
            # The clinic moves the appointment; the running service sees it within a second.
            kirdi.import_people(["A"])
            service.wait_for(lambda: len(kirdi.check_ins()) == 1, 20)
