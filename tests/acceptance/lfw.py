"""Hundreds of enrolled people beside the recorded ones."""

import asyncio
from pathlib import Path

from config.load import load_settings
from matcher.packs.store import open_pack
from streamer.backend import open_backend
from streamer.clock import SystemClock
from streamer.domain.actor import SERVICE
from streamer.errors import InputError
from streamer.models_folder import models_folder
from streamer.patients.enrolment import Enrolment, EnrolmentRules
from streamer.patients.photo import read_photo
from streamer.recognition import face_gate, open_matcher
from streamer.score_rules import score_rules
from tests import data
from tests.acceptance.kirdi import Kirdi, appointment, person, record_consent, write_csv


def enrol_lfw(kirdi: Kirdi, count: int) -> None:
    """Import `count` people with open appointments and enrol each from two photos.

    In one process: the command would load the models anew for each of them.
    """
    people = [one for one in sorted(data.need("faces/lfw").iterdir()) if len(photos_of(one)) >= 2]
    asyncio.run(_enrol(kirdi, people, count))


def photos_of(person: Path) -> list[Path]:
    return sorted(person.glob("*.jpg"))[:2]


async def _enrol(kirdi: Kirdi, people: list[Path], count: int) -> None:
    settings, clock = load_settings(kirdi.write_settings(), {}), SystemClock()
    refs = [f"lfw-{index}" for index in range(len(people))]
    _import(kirdi, refs[: 2 * count])
    async with (
        open_backend(settings, kirdi.home, clock) as backend,
        open_matcher(settings, kirdi.home) as matcher,
    ):
        gate = face_gate(settings.quality)
        pack = open_pack(models_folder(kirdi.home), settings.models.pack)
        rules = score_rules(pack, settings.match)
        scale = rules.scale
        limits = EnrolmentRules(100, scale.same_person_distance, scale.max_distance)
        enrolment = Enrolment(matcher, gate, limits, backend.enrolments, rules.compare)
        done = 0
        for ref, person in zip(refs, people, strict=True):
            photos = [read_photo(photo) for photo in photos_of(person)]
            try:
                await record_consent(backend, ref, clock.now())
                await enrolment.enrol(ref, photos, "", clock.now(), by=SERVICE)
            except InputError:
                # Another face in the background, a face too small, or somebody under two names: the
                # next person then.
                continue
            done += 1
            if done == count:
                return
    raise AssertionError(f"only {done} of {count} people could be enrolled")


def _import(kirdi: Kirdi, refs: list[str]) -> None:
    from datetime import UTC, datetime, timedelta

    starts = datetime.now(UTC) + timedelta(minutes=10)
    patients, appointments = kirdi.folder / "lfw-p.csv", kirdi.folder / "lfw-a.csv"
    write_csv(patients, [person(ref) for ref in refs])
    write_csv(appointments, [appointment(f"a-{ref}", ref, starts) for ref in refs])
    kirdi.ok("patients", "import", patients)
    kirdi.ok("appointments", "import", appointments)
