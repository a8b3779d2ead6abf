"""The main job, on recorded people: who consented and has an appointment arrives, nobody else."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import data
from tests.acceptance.kirdi import Kirdi
from tests.acceptance.lfw import enrol_lfw
from tests.acceptance.people import ENROLLED_FROM, unseen_clips

Enrol = Callable[[str], None]


def seen_by(kirdi: Kirdi, camera: str) -> set[str]:
    return {row["patient_ref"] for row in kirdi.check_ins() if row["camera"] == camera}


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
            service.wait_until_logged('"status": "down"', seconds=60, times=2)
    rows = kirdi.check_ins()
    assert sorted(row["patient_ref"] for row in rows) == ["A", "B", "C"]
    assert {row["method"] for row in rows} == {"face"}
    assert all(row["score"] >= 0.67 for row in rows)
    assert kirdi.statuses() == {
        "a-A": "arrived",
        "a-B": "arrived",
        "a-C": "arrived",
        "a-D": "booked",
    }


@pytest.mark.timeout(420)
def test_nobody_else_arrives(kirdi: Kirdi, enrol: Enrol) -> None:
    """B is not enrolled, 300 others are; a crowd and people's backs pass other cameras."""
    crowd, backs = data.need("clips/crowd.mp4"), data.need("clips/backs.mp4")
    kirdi.import_people(["A", "B", "C"])
    enrol("A")
    enrol("C")
    enrol_lfw(kirdi, 300)
    clips = [clip for person in "ABC" for clip in unseen_clips(person)]
    with (
        kirdi.camera(*clips, loop=True) as people_url,
        kirdi.camera(crowd, loop=True) as crowd_url,
        kirdi.camera(backs) as backs_url,
    ):
        kirdi.cameras = [
            {"id": "people", "url": people_url},
            {"id": "crowd", "url": crowd_url},
            {"id": "backs", "url": backs_url},
        ]
        with kirdi.service() as service:
            service.wait_until_logged('"status": "streaming"', times=3)
            service.wait_for(lambda: '"camera": "backs", "status": "down"' in service.log, 240)
    assert seen_by(kirdi, "people") == {"A", "C"}
    assert seen_by(kirdi, "crowd") == set()
    assert seen_by(kirdi, "backs") == set()
    assert kirdi.statuses()["a-B"] == "booked"
    assert len(kirdi.check_ins()) == 2


def test_the_bystander_is_nobody(kirdi: Kirdi, enrol: Enrol) -> None:
    """In bird.mkv stands B, not enrolled here, and half a face at the border."""
    bird = next(clip for clip in unseen_clips("B") if clip.stem == "bird")
    kirdi.import_people(["A", "C"])
    enrol("A")
    enrol("C")
    with kirdi.camera(bird, loop=True) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url}]
        with kirdi.service() as service:
            service.wait_until_logged('"status": "streaming"')
            time.sleep(8)
    assert kirdi.check_ins() == []


def test_a_withdrawn_appointment_or_closed_window_is_no_arrival(
    kirdi: Kirdi, enrol: Enrol, tmp_path: Path
) -> None:
    from datetime import UTC, datetime, timedelta

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
