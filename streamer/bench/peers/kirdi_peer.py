"""Kirdi's own pipeline, as `app` puts it together, without cameras, database and check-ins."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from config.settings import Camera, Settings
from matcher.face import Embedding, Image, fuse
from matcher.matcher import Matcher
from streamer.bench.peers.peer import Seen
from streamer.checkin.service import Sighting
from streamer.domain.frame import Frame
from streamer.domain.identity import Band, Identity
from streamer.domain.template import Template
from streamer.errors import InputError
from streamer.gallery_keeper import CurrentGallery
from streamer.pipeline import CameraPipeline
from streamer.score_rules import ScoreRules
from streamer.service_rules import gallery_builder, pipeline_rules

_BEGIN = datetime(2000, 1, 1, tzinfo=UTC)
_NAMES = UUID(int=0)


class _Taken:
    """Takes proposals, and counts nothing."""

    def __init__(self) -> None:
        self.arrived: set[UUID] = set()

    def propose(self, identity: Identity, _sighting: Sighting) -> None:
        if identity.band is Band.ACCEPT:
            self.arrived.add(identity.patient_id)

    def changes_at(self, _patient_id: UUID, _building: str) -> datetime | None:
        return None

    def searched(self, camera_id: str, gallery_size: int) -> None:
        pass

    def reached(self, camera_id: str, band: Band) -> None:
        pass


class KirdiPeer:
    """One camera's pipeline with the settings' defaults."""

    name = "Kirdi"
    note = "pipeline of one camera, the settings' defaults; accepted matches"

    def __init__(
        self, settings: Settings, camera: Camera, matcher: Matcher, rules: ScoreRules
    ) -> None:
        """Take what `app` makes a pipeline of."""
        self._matcher = matcher
        self._rules = rules
        self._pipeline_rules = pipeline_rules(settings, camera, rules.scale, rules.thresholds)
        self._people: dict[UUID, str] = {}
        self._gallery = CurrentGallery(0, _BEGIN, 0, None)

    async def enrol(self, photos: Mapping[str, Sequence[Image]]) -> None:
        """See `Peer`."""
        pack_id = self._matcher.pack_id
        templates = []
        for name, pictures in photos.items():
            vectors: list[Embedding] = []
            for picture in pictures:
                faces = await self._matcher.detect(picture)
                if faces:
                    largest = max(faces, key=lambda one: one.quality.width_px)
                    vectors += await self._matcher.embed(picture, [largest])
            if not vectors:
                raise InputError(f"benchmark: no photo of {name} shows a face")
            person = uuid5(_NAMES, name)
            self._people[person] = name
            templates.append(Template(person, person, pack_id, fuse(vectors).vector))
        search = gallery_builder(pack_id, self._rules.cohort)(None, (), templates)
        self._gallery = CurrentGallery(1, _BEGIN, len(templates), search)

    async def watch(self, frames: Iterator[Seen]) -> frozenset[str]:
        """See `Peer`."""
        taken = _Taken()
        pipeline = CameraPipeline(
            self._pipeline_rules, self._matcher, lambda: self._gallery, taken, taken
        )
        number = 0
        while (seen := await asyncio.to_thread(next, frames, None)) is not None:
            at = _BEGIN + timedelta(seconds=seen.at)
            number += 1
            await pipeline.process(
                Frame("bench", number, at, seen.at, seen.at, seen.image, lambda: None)
            )
        return frozenset(self._people[one] for one in taken.arrived)
