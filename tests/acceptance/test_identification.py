"""Every true visit is found and nobody else arrives, among 300 enrolled strangers: minutes long."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import data
from tests.acceptance.kirdi import Kirdi
from tests.acceptance.lfw import enrol_lfw
from tests.acceptance.people import ENROLLED_FROM, cut, stills, unseen_clips
from tests.acceptance.reencoded import FIVE_WAYS, reencode

CORRIDORS = (
    "face-demographics-walking-and-pause",
    "face-demographics-walking",
    "head-pose-face-detection-female-and-male",
)


@pytest.mark.measures
@pytest.mark.timeout(900)
def test_among_strangers_every_visit_is_found(kirdi: Kirdi, tmp_path: Path) -> None:
    kirdi.import_people([*ENROLLED_FROM])
    for person in ENROLLED_FROM:
        photos = stills(person, tmp_path)
        kirdi.consent(person)
        kirdi.ok("patients", "enroll", person, *photos, "--consent-ref", f"consent-{person}")
    enrol_lfw(kirdi, 300)

    visits = {
        f"{person.lower()}-{clip.stem}": [clip]
        for person in ENROLLED_FROM
        for clip in unseen_clips(person)
    }
    seen_as: dict[str, set[str]] = defaultdict(set)
    for camera, patients in decided(kirdi, visits, in_turn=True).items():
        assert len(patients) == 1, f"{camera}: seen as {len(patients)} patients"
        seen_as[camera[0]] |= patients
    assert [len(patients) for patients in seen_as.values()] == [1, 1, 1]
    assert len(set.union(*seen_as.values())) == 3

    crowd = data.need("clips/crowd.mp4")
    sent = {name: reencode(crowd, way, tmp_path / f"{name}.mkv") for name, way in FIVE_WAYS.items()}
    # Looped: twenty seconds of the same crowd, as each of the five cameras would show it.
    strangers = {name: [clip] * 5 for name, clip in sent.items()}
    for name in CORRIDORS:
        gif = data.need(f"clips/{name}.gif")
        walk = reencode(gif, FIVE_WAYS["large-h264"], tmp_path / f"{name}.mp4")
        strangers[name] = [walk] * 3
    strangers |= {part.stem: [part] for part in cut(data.need("clips/backs.mp4"), 4, tmp_path)}
    assert not any(decided(kirdi, strangers).values())

    rows = kirdi.check_ins()
    assert sorted(row["patient_ref"] for row in rows) == ["A", "B", "C"]
    assert {row["camera"][0] for row in rows} == {"a", "b", "c"}


def decided(
    kirdi: Kirdi, clips: Mapping[str, Sequence[Path]], *, in_turn: bool = False
) -> dict[str, set[str]]:
    """Let each camera show its clips to the end: the patients decided about, by camera."""
    with ExitStack() as stack:
        urls = {name: stack.enter_context(kirdi.camera(*files)) for name, files in clips.items()}
        first = [] if in_turn else list(urls)
        kirdi.cameras = [{"id": name, "url": urls[name]} for name in first]
        with kirdi.service() as service:
            begins = len(service.log)
            service.wait_for(lambda: kirdi("cameras", "list").code == 0, 60)
            for name, url in urls.items():
                if in_turn:
                    kirdi.ok("cameras", "add", name, url)
                service.wait_until_logged(f'"camera": "{name}", "status": "down"', seconds=240)
                if in_turn:
                    kirdi.ok("cameras", "remove", name)
            log = service.log[begins:]
    patients: dict[str, set[str]] = {name: set() for name in urls}
    for line in log.splitlines():
        if '"event": "decision"' in line:
            entry = json.loads(line)
            patients[entry["camera"]].add(entry["patient"])
    return patients
