"""`kirdi bench pipeline`: simulated cameras, the real service, and the bare libraries beside it."""

import asyncio
import itertools
import json
import math
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from config.settings import Settings
from matcher.packs.store import open_pack
from matcher.session import Hardware
from streamer.bench.bare_libraries import BareLibraries
from streamer.bench.cast import Cast, find_cast, look_into, stride_of
from streamer.bench.child import Child
from streamer.bench.clinic import people_the_clinic, settings_document
from streamer.bench.figures import (
    BareCosts,
    Clip,
    PipelineFigures,
    ServiceSample,
    Shape,
    average,
    pipeline_figures,
)
from streamer.bench.lobby_clip import lobby_clip
from streamer.bench.repetition import in_the_middle
from streamer.bench.service_child import SETTLE_S, START_S, ServiceRequest
from streamer.bench.throwaway_home import next_site, throwaway_home
from streamer.bench.wording import counted, outlook
from streamer.clock import SystemClock
from streamer.embedded.services import EmbeddedServers, embedded_services
from streamer.models_folder import models_folder
from streamer.recognition import open_matcher

STRANGERS: Final = 300
CPU: Final = Hardware("cpu")
# For telling how long it takes.
_PREPARATION_S: Final = 40.0
_COMING_AND_GOING_S: Final = 8.0
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
        hardware: Device and threads, for the service and the bare libraries; not `auto`.
        models: Folder of model packs to use; built in the throwaway home where it is None.
        bare_s: How long the bare libraries are measured, before and after each measurement.
        repeat: How many measurements of each number of cameras make a row.
    """

    cameras: Sequence[int]
    clip: Path | None
    seconds: float
    analyse_fps: float
    folder: Path
    hardware: Hardware = CPU
    models: Path | None = None
    bare_s: float = 8.0
    repeat: int = 1

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
        total = len(self.cameras) * self.repeat
        each_s = 2 * self.bare_s + self.seconds + SETTLE_S + _COMING_AND_GOING_S
        progress(outlook(total, _PREPARATION_S + total * each_s))
        async with (
            throwaway_home(self.folder, self.models) as home,
            _Stage.set_up(self, home, progress) as stage,
        ):
            return [await stage.row(count) for count in self.cameras]


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
    sites: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    @asynccontextmanager
    async def set_up(
        cls, plan: PipelineBenchmark, home: Path, progress: Callable[[str], None]
    ) -> AsyncIterator["_Stage"]:
        settings = Settings.model_validate(
            settings_document("bench", (), plan.analyse_fps, plan.hardware)
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
            bare = await asyncio.to_thread(BareLibraries, pack, plan.hardware, file, stride)
            status = await asyncio.to_thread(EmbeddedServers(home).status)
            servers = tuple(one.pid for one in status if one.pid is not None)
            yield cls(plan, clip, home, progress, cast, pack_id, bare, servers)

    async def row(self, cameras: int) -> PipelineFigures:
        return in_the_middle([await self._measure(cameras) for _ in range(self.plan.repeat)])

    async def _measure(self, cameras: int) -> PipelineFigures:
        name, shapes = counted(cameras, "camera"), set(self.cast.detector_shapes)
        self.progress(f"{name}: bare libraries")
        before = await self._measure_bare(shapes)
        self.progress(f"{name}: the service, {self.plan.seconds:g} s")
        sample = await self._measure_service(cameras)
        self.progress(f"{name}: bare libraries again")
        # In batches of several cameras' pictures, or where the clip changes its size, the service
        # ran the detector on shapes that did not come up before.
        after = await self._measure_bare(shapes | {shape for shape, _ in sample.detector_runs})
        shown = self.clip if self.plan.clip else replace(self.clip, path="lobby")
        return pipeline_figures(
            shown,
            (cameras, self.plan.analyse_fps),
            len(self.cast.templates),
            sample,
            average(before, after),
        )

    async def _measure_bare(self, shapes: Collection[Shape]) -> BareCosts:
        return await asyncio.to_thread(self.bare.measure, self.plan.bare_s, sorted(shapes))

    async def _measure_service(self, cameras: int) -> ServiceSample:
        seconds = self.plan.seconds
        show = json.dumps(self.clip.path).encode()
        async with Child.running("streamer.bench.camera_child", show, self.home) as camera:
            address = json.loads(await camera.answer(_CAMERA_START_S))
            await next_site(self.home)
            site = f"bench-{next(self.sites)}"  # nobody has come to its appointments yet
            document = settings_document(
                site, [address] * cameras, self.plan.analyse_fps, self.plan.hardware
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
            async with Child.running("streamer.bench.service_child", line, self.home) as service:
                answer = await service.answer(seconds + _AROUND_S)
        return TypeAdapter(ServiceSample).validate_json(answer)
