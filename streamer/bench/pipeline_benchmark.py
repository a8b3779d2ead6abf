"""`kirdi bench pipeline`: simulated cameras, the real service, and the bare libraries beside it."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from config.settings import Settings
from matcher.packs.store import open_pack
from streamer.bench.bare_libraries import BareLibraries
from streamer.bench.cast import Cast, find_cast, look_into, stride_of
from streamer.bench.child import Child
from streamer.bench.clinic import people_the_clinic, settings_document
from streamer.bench.figures import (
    BareCosts,
    Clip,
    PipelineFigures,
    ServiceSample,
    average,
    pipeline_figures,
)
from streamer.bench.lobby_clip import lobby_clip
from streamer.bench.service_child import SETTLE_S, START_S, ServiceRequest
from streamer.bench.throwaway_home import throwaway_home
from streamer.clock import SystemClock
from streamer.embedded.services import EmbeddedServers, embedded_services
from streamer.recognition import models_folder, open_matcher

STRANGERS: Final = 300
_CAMERA_START_S: Final = 30.0
# On top of the measurement: start, models, settling, and the end.
_AROUND_S: Final = START_S + SETTLE_S + 60.0


@dataclass(frozen=True, slots=True)
class PipelineBenchmark:
    """What to measure.

    Attributes:
        cameras: A measurement for each of these numbers of cameras.
        clip: What they show, over and over; None = the demo's lobby.
        seconds: How long each measurement takes.
        analyse_fps: Frames a second each camera analyses.
        folder: Where the throwaway home is made.
        threads: As `models.threads` of the settings, for the service and the bare libraries.
        models: Folder of model packs to use; built in the throwaway home where it is None.
        bare_s: How long the bare libraries are measured, before and after each measurement.
    """

    cameras: Sequence[int]
    clip: Path | None
    seconds: float
    analyse_fps: float
    folder: Path
    threads: int = 0
    models: Path | None = None
    bare_s: float = 8.0

    async def run(self, progress: Callable[[str], None]) -> list[PipelineFigures]:
        """Measure, in a home folder that is gone afterwards.

        Args:
            progress: Told, in words, what goes on.

        Raises:
            KirdiError: The clip is none, the service cannot start, or a camera does not stream.
            MatcherError: The models cannot be had.
        """
        if self.clip is not None:
            await asyncio.to_thread(look_into, self.clip)
        async with (
            throwaway_home(self.folder, self.models) as home,
            _Stage.set_up(self, home, progress) as stage,
        ):
            return [await stage.measure(count) for count in self.cameras]


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """Everything that all measurements share."""

    plan: PipelineBenchmark
    clip: Clip
    home: Path
    progress: Callable[[str], None]
    cast: Cast
    pack_id: str
    bare: BareLibraries
    servers: tuple[int, ...]

    @classmethod
    @asynccontextmanager
    async def set_up(
        cls, plan: PipelineBenchmark, home: Path, progress: Callable[[str], None]
    ) -> AsyncIterator["_Stage"]:
        settings = Settings.model_validate(
            settings_document("bench", (), plan.analyse_fps, plan.threads)
        )
        # Held open meanwhile: the measured service finds the servers running, so that they are not
        # among its own processes.
        async with embedded_services(settings.database, settings.redis, home):
            async with open_matcher(settings, home) as matcher:
                if plan.clip is None:
                    progress("composing the lobby")
                file = plan.clip or await lobby_clip(home, matcher)
                clip = await asyncio.to_thread(look_into, file)
                progress("looking for people in the clip")
                cast = await find_cast(clip, settings, plan.analyse_fps, matcher, STRANGERS)
                pack_id = matcher.pack_id
            pack = await asyncio.to_thread(open_pack, models_folder(home), settings.models.pack)
            stride = stride_of(clip, plan.analyse_fps)
            bare = await asyncio.to_thread(BareLibraries, pack, plan.threads, file, stride)
            status = await asyncio.to_thread(EmbeddedServers(home).status)
            servers = tuple(one.pid for one in status if one.pid is not None)
            yield cls(plan, clip, home, progress, cast, pack_id, bare, servers)

    async def measure(self, cameras: int) -> PipelineFigures:
        self.progress(f"{cameras} cameras: bare libraries")
        before = await self._measure_bare()
        self.progress(f"{cameras} cameras: the service, {self.plan.seconds:g} s")
        sample = await self._measure_service(cameras)
        self.progress(f"{cameras} cameras: bare libraries again")
        after = await self._measure_bare()
        return pipeline_figures(
            self.clip,
            (cameras, self.plan.analyse_fps),
            len(self.cast.templates),
            sample,
            average(before, after),
        )

    async def _measure_bare(self) -> BareCosts:
        return await asyncio.to_thread(
            self.bare.measure, self.plan.bare_s, self.cast.detector_shapes
        )

    async def _measure_service(self, cameras: int) -> ServiceSample:
        log, seconds = self.home / "bench.log", self.plan.seconds
        show = json.dumps(self.clip.path).encode()
        async with Child.running("streamer.bench.camera_child", show, log) as camera:
            address = json.loads(await camera.answer(_CAMERA_START_S))
            document = settings_document(
                f"bench-{cameras}", [address] * cameras, self.plan.analyse_fps, self.plan.threads
            )
            await people_the_clinic(
                Settings.model_validate(document),
                self.home,
                SystemClock(),
                self.cast,
                self.pack_id,
                math.ceil(seconds + _AROUND_S),
            )
            request = ServiceRequest(document, self.home, seconds, self.servers)
            line = TypeAdapter(ServiceRequest).dump_json(request)
            async with Child.running("streamer.bench.service_child", line, log) as service:
                answer = await service.answer(seconds + _AROUND_S)
        return TypeAdapter(ServiceSample).validate_json(answer)
