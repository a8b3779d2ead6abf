"""Who else is looked at in the same moment changes nothing about anybody."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import Settings
from matcher.alignment import align
from matcher.detector import Detector
from matcher.embedder import Embedder
from matcher.face import Embedding, Image, fuse
from matcher.gallery import Gallery
from matcher.matcher import Matcher
from matcher.packs.pack import DETECTOR, Pack
from matcher.session import Session
from streamer.checkin.service import Sighting
from streamer.domain.frame import Frame
from streamer.domain.identity import Band, Identity
from streamer.gallery_keeper import CurrentGallery
from streamer.pipeline import CameraPipeline
from streamer.score_rules import score_rules
from streamer.service_rules import pipeline_rules
from tests.integration.matcher.conftest import CPU, clip_frames

# A camera each, and somebody else before it; enrolled from other clips of theirs.
CAMERAS = ("people/again.mkv", "people/milk.mkv", "people/book.mkv")
ENROLLED = ("people/yes.mkv", "people/thanks.mkv", "people/walk.mkv")
FRAMES = 5
BEGIN = datetime(2026, 11, 23, tzinfo=UTC)


def test_batched_embeddings_equal_single_ones(embedder: Embedder, group_photo: Image) -> None:
    places = [
        np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], np.float32)
        * (80 + 5 * i)
        + np.array([60 * i, 50 * (i % 5)], np.float32)
        for i in range(11)
    ]
    chips = np.stack([align(group_photo, points) for points in places])
    alone = np.array([embedder.embed(chip[None])[0].vector for chip in chips])
    for count in (2, 3, 5, 8, 11):
        together = np.array([one.vector for one in embedder.embed(chips[:count])])
        assert np.abs(together - alone[:count]).max() < 1e-4


def test_batched_detections_equal_single_ones(pack: Pack, group_photo: Image) -> None:
    session = Session.open(pack.read(DETECTOR), "detector", CPU)
    alone, together = Detector(session), Detector(session, buckets=(1, 2, 4))
    pictures = [np.ascontiguousarray(np.roll(group_photo, 40 * i, axis=1)) for i in range(4)]
    prepared = [alone.prepare(picture) for picture in pictures]
    for single, batched in zip(alone.find(prepared), together.find(prepared), strict=True):
        assert len(single) == len(batched) > 3
        for one, other in zip(single, batched, strict=True):
            assert np.abs(np.subtract(one.bbox, other.bbox)).max() < 0.05
            assert np.abs(one.landmarks - other.landmarks).max() < 0.05
            assert abs(one.score - other.score) < 1e-3
    assert {shape[0] for shape in together.runs} == {1, 4}


@dataclass
class Decisions:
    """What a camera's pipeline decided, in order."""

    made: list[tuple[UUID, Band, int, float]] = field(default_factory=list)

    def propose(self, identity: Identity, sighting: Sighting) -> None:
        score = round(identity.score, 3)
        self.made.append((identity.patient_id, identity.band, identity.frames_agreeing, score))

    def changes_at(self, patient_id: UUID, building: str) -> datetime | None:
        return None

    def searched(self, camera_id: str, gallery_size: int) -> None:
        pass

    def reached(self, camera_id: str, band: Band) -> None:
        pass


class Clinic:
    """A real matcher, a gallery of three people, and a recording for each camera."""

    def __init__(self, pack: Pack, matcher: Matcher) -> None:
        self.matcher = matcher
        document = {
            "site": {"id": "x", "name": "x"},
            "cameras": [{"id": f"c{i}", "url": "rtsp://localhost/"} for i in range(len(CAMERAS))],
        }
        self.settings = Settings.model_validate(document)
        self.rules = score_rules(pack, self.settings.match)
        self.recordings = [list(clip_frames(clip, 5))[:FRAMES] for clip in CAMERAS]
        self.gallery = CurrentGallery(0, BEGIN, 0, None)

    async def enrol(self) -> None:
        people = [(str(UUID(int=i)), await self._template(clip)) for i, clip in enumerate(ENROLLED)]
        search = Gallery(self.matcher.pack_id, people, self.rules.cohort)
        self.gallery = CurrentGallery(1, BEGIN, len(people), search)

    async def _template(self, clip: str) -> Embedding:
        vectors: list[Embedding] = []
        for image in list(clip_frames(clip, 12))[:3]:
            faces = await self.matcher.detect(image)
            vectors += await self.matcher.embed(image, faces[:1])
        return fuse(vectors)

    async def day(self, order: Sequence[int]) -> dict[int, list[tuple[UUID, Band, int, float]]]:
        """All cameras at once, begun in this order."""
        found = {camera: Decisions() for camera in order}
        await asyncio.gather(*(self._watch(camera, found[camera]) for camera in order))
        return {camera: one.made for camera, one in sorted(found.items())}

    async def _watch(self, camera: int, decisions: Decisions) -> None:
        rules = pipeline_rules(
            self.settings, self.settings.cameras[camera], self.rules.scale, self.rules.thresholds
        )
        pipeline = CameraPipeline(rules, self.matcher, lambda: self.gallery, decisions, decisions)
        for number, image in enumerate(self.recordings[camera]):
            at = 0.2 * number
            moment = BEGIN + timedelta(seconds=at)
            await pipeline.process(Frame(f"c{camera}", number, moment, at, at, image))


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.mark.long
def test_any_order_of_cameras_gives_the_same_decisions(pack: Pack, runner: asyncio.Runner) -> None:
    matcher = runner.run(Matcher.open(pack, CPU))
    clinic = Clinic(pack, matcher)
    runner.run(clinic.enrol())
    expected = {camera: runner.run(clinic.day([camera]))[camera] for camera in range(len(CAMERAS))}
    assert all(
        made and {one[0] for one in made} == {UUID(int=camera)} for camera, made in expected.items()
    )

    @settings(max_examples=3, deadline=None, database=None, derandomize=True)
    @given(st.permutations(range(len(CAMERAS))))
    def same(order: list[int]) -> None:
        assert runner.run(clinic.day(order)) == expected

    same()
    runner.run(matcher.close())
