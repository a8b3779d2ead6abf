"""A camera's pipeline with scripted faces."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from matcher.face import Face
from streamer.checkin.service import Sighting
from streamer.domain.frame import Frame
from streamer.domain.identity import Band, Identity
from streamer.gallery_keeper import CurrentGallery
from streamer.pipeline import CameraPipeline, PipelineRules
from streamer.tracking.fixed_thresholds import FixedThresholds
from streamer.tracking.voting import VoteLimits
from tests.fakes.matcher import FakeGallery, FakeMatcher

ANNA, BOTA = str(UUID(int=1)), str(UUID(int=2))
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


def gallery_of(people: dict[str, int], version: int) -> CurrentGallery:
    search = FakeGallery(people) if people else None
    return CurrentGallery(version, datetime(2026, 11, 22, tzinfo=UTC), len(people), search)


class Proposals:
    def __init__(self) -> None:
        self.made: list[Identity] = []
        self.sightings: list[Sighting] = []
        self.change: datetime | None = None

    def propose(self, identity: Identity, sighting: Sighting) -> None:
        self.made.append(identity)
        self.sightings.append(sighting)

    def changes_at(self, patient_id: UUID, building: str) -> datetime | None:
        return self.change


class Counts:
    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.bands: list[Band] = []

    def searched(self, camera_id: str, gallery_size: int) -> None:
        self.sizes.append(gallery_size)

    def reached(self, camera_id: str, band: Band) -> None:
        self.bands.append(band)


class Lobby:
    """A pipeline with its fakes and a running count of frames."""

    def __init__(
        self,
        people: dict[str, int],
        *,
        lane: tuple[tuple[float, float], ...] | None = None,
        searches: bool = True,
        asks_liveness: bool = False,
    ) -> None:
        self.matcher = FakeMatcher()
        self.proposals = Proposals()
        self.counts = Counts()
        self.gallery = gallery_of(people, 1)
        self.released = 0
        self._sequence = 0
        rules = PipelineRules(
            camera_id="lobby-1",
            building="main",
            lane=lane,
            shortcoming=lambda face: "too_small" if face.quality.width_px < 48 else None,
            vote=VoteLimits(FixedThresholds(0.33, 0.05), 0.5, 3),
            best_shots=8,
            other_person=0.5,
            max_gap_s=1.0,
            searches=searches,
            asks_liveness=asks_liveness,
        )
        self.holds: list[float] = []
        self.shown: list[tuple[int, int, tuple[Face, ...]]] = []
        self.pipeline = CameraPipeline(
            rules,
            self.matcher,
            lambda: self.gallery,
            self.proposals,
            self.counts,
            self.holds.append,
            lambda frame, faces: self.shown.append((frame.sequence, self.released, tuple(faces))),
        )

    async def frame(self, *seen: tuple[Face, int]) -> tuple[Identity, ...]:
        self.matcher.show(*seen)
        return await self.pipeline.process(self.picture())

    def picture(self) -> Frame:
        self._sequence += 1
        at = 0.2 * self._sequence

        def release() -> None:
            self.released += 1

        return Frame(
            "lobby-1",
            self._sequence,
            datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=at),
            at,
            at,
            np.zeros((480, 640, 3), dtype=np.uint8),
            release,
        )
