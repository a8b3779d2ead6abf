"""`kirdi bench viewers`: the real service, a simulated camera, and viewers in their own process."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from config.settings import Settings
from matcher.session import Hardware
from streamer.backend import open_backend
from streamer.bench.child import Child
from streamer.bench.clinic import settings_document
from streamer.bench.figures import ServiceSample
from streamer.bench.lobby_clip import lobby_clip
from streamer.bench.process_usage import memory_mb
from streamer.bench.reencoded import Format
from streamer.bench.service_child import START_S, ServiceRequest
from streamer.bench.throwaway_home import throwaway_home
from streamer.bench.viewers.stamped_clip import write_stamped
from streamer.bench.viewers.viewers_figures import ViewersFigures, Watching, viewers_figures
from streamer.bench.wording import counted, outlook
from streamer.clock import SystemClock
from streamer.domain.account import NewAccount
from streamer.domain.actor import SERVICE
from streamer.domain.role import Role
from streamer.embedded.services import EmbeddedServers, embedded_services
from streamer.errors import KirdiError
from streamer.recognition import open_matcher

_CAMERA: Final = "camera-1"
_SETTLE_S: Final = 12.0
"""From the camera's first frame: by then twenty viewers are connected."""
_STALL_S: Final = 8.0
"""Less than a viewer may be silent."""
_BARE_S: Final = 8.0
_AROUND_S: Final = START_S + _SETTLE_S + 60.0


@dataclass(frozen=True, slots=True)
class ViewersBenchmark:
    """What to measure.

    Attributes:
        viewers: A row for each of these numbers; a row without viewers comes before.
        wanted: What the camera sends.
        clip: What it shows; None = the demo's lobby.
        seconds: How long each row is measured.
        analyse_fps: Frames a second that are analysed meanwhile.
        folder: Where the throwaway home is made.
        models: Folder of model packs to use; built in the throwaway home where it is None.
    """

    viewers: Sequence[int]
    wanted: Format
    clip: Path | None
    seconds: float
    analyse_fps: float
    folder: Path
    models: Path | None = None

    async def run(self, progress: Callable[[str], None]) -> list[ViewersFigures]:
        """Measure, in a home folder that is gone afterwards.

        Raises:
            KirdiError: The clip is none, the service cannot start, or viewers see nothing.
            MatcherError: The models cannot be had.
        """
        counts = [0, *self.viewers]
        each_s = 2 * _BARE_S + self.seconds + _SETTLE_S + 20.0
        progress(outlook(len(counts), 40.0 + len(counts) * each_s))
        hardware = Hardware("cpu")
        async with throwaway_home(self.folder, self.models) as home:
            document = settings_document("bench", (), self.analyse_fps, hardware)
            settings = Settings.model_validate(document)
            async with embedded_services(settings.database, settings.redis, home):
                async with open_matcher(settings, home) as matcher:
                    file = self.clip or await lobby_clip(home, matcher)
                clip = home / "stamped.mp4"
                frames = await asyncio.to_thread(write_stamped, file, self.wanted, clip)
                status = await asyncio.to_thread(EmbeddedServers(home).status)
                servers = tuple(one.pid for one in status if one.pid is not None)
                stage = _Stage(self, home, clip, frames, servers, progress)
                rows, alone = [], None
                for count in counts:
                    row, sample = await stage.row(count, alone)
                    alone = alone or sample
                    rows.append(row)
                return rows


@dataclass(frozen=True, slots=True)
class _Stage:
    """Everything that all rows share."""

    plan: ViewersBenchmark
    home: Path
    clip: Path
    frames: int
    servers: tuple[int, ...]
    progress: Callable[[str], None]

    async def row(
        self, viewers: int, alone: ServiceSample | None
    ) -> tuple[ViewersFigures, ServiceSample]:
        name = counted(viewers, "viewer")
        self.progress(f"{name}: aiortc that encodes for one")
        before = await self._bare()
        self.progress(f"{name}: the service, {self.plan.seconds:g} s")
        sample, watching, stalled = await self._service(viewers)
        self.progress(f"{name}: aiortc again")
        bare = (before + await self._bare()) / 2
        cores = os.cpu_count() or 1
        size = await asyncio.to_thread(self.clip.stat)
        rate = 8e-6 * size.st_size * self.plan.wanted.fps / self.frames
        row = viewers_figures(sample, cores, (bare, rate), alone, watching, stalled)
        return row, sample

    async def _bare(self) -> float:
        request = {"clip": str(self.clip), "fps": self.plan.wanted.fps, "seconds": _BARE_S}
        sending = "streamer.bench.viewers.reencoding_child"
        receiving = "streamer.bench.viewers.receiving_child"
        async with Child.running(sending, json.dumps(request).encode(), self.home) as sender:
            offer = (await sender.answer(60.0)).strip()
            async with Child.running(receiving, offer, self.home) as receiver:
                sender.tell((await receiver.answer(30.0)).strip())
                found = json.loads(await sender.answer(_BARE_S + 60.0))
        if not found["frames"]:
            raise KirdiError("benchmark: aiortc sent nothing; try again on a quieter machine")
        # Where the machine is busy fewer are sent: as if all had been.
        used: float = found["cpu_s"] / found["frames"] * self.plan.wanted.fps
        return used

    async def _service(self, viewers: int) -> tuple[ServiceSample, Watching | None, float | None]:
        plan, seconds = self.plan, self.plan.seconds
        camera_child = "streamer.bench.viewers.clock_camera_child"
        show = json.dumps(str(self.clip)).encode()
        async with Child.running(camera_child, show, self.home) as camera:
            address = json.loads(await camera.answer(30.0))
            document = settings_document("bench", [address], plan.analyse_fps, Hardware("cpu"))
            document |= {"web": {"port": 0}, "live": {"viewers_per_account": 64}}
            token = await self._token(document)
            stall_s = 0.0 if viewers < max(plan.viewers) else _STALL_S + 6.0
            request = ServiceRequest(document, self.home, seconds, self.servers, _SETTLE_S, stall_s)
            line = TypeAdapter(ServiceRequest).dump_json(request)
            async with Child.running("streamer.bench.service_child", line, self.home) as service:
                if viewers == 0:
                    answer = await service.answer(seconds + _AROUND_S)
                    return TypeAdapter(ServiceSample).validate_json(answer), None, None
                played_at = json.loads(await camera.answer(_AROUND_S))
                look = {
                    "home": str(self.home),
                    "token": token,
                    "camera": _CAMERA,
                    "viewers": viewers,
                    "wait_s": 2.0,
                    "seconds": seconds,
                }
                module = "streamer.bench.viewers.viewers_child"
                async with Child.running(module, json.dumps(look).encode(), self.home) as child:
                    await child.answer(_AROUND_S)
                    found = json.loads(await child.answer(seconds + 60.0))
                    stalled = None
                    if stall_s:
                        # Once the service has been measured.
                        over = played_at + 3.0 + _SETTLE_S + seconds
                        await asyncio.sleep(max(0.0, over - time.time()))
                        stalled = await _stall(service.pid, child.pid)
                    answer = await service.answer(seconds + _AROUND_S)
        watching = Watching(
            seconds, tuple(found["frames"]), found["seen"], played_at, self.frames, plan.wanted.fps
        )
        return TypeAdapter(ServiceSample).validate_json(answer), watching, stalled

    async def _token(self, document: dict[str, object]) -> str:
        settings, clock = Settings.model_validate(document), SystemClock()
        async with open_backend(settings, self.home, clock) as backend:
            if await backend.accounts.find("viewer") is None:
                roles = (Role.OPERATOR, Role.REVIEWER)
                new = NewAccount("viewer", roles, cameras=None)
                await backend.accounts.add(new, SERVICE, clock.now())
            scopes = ["cameras:view", "cameras:faces"]
            day = timedelta(days=1)
            made = await backend.tokens.create("viewer", "bench", scopes, day, SERVICE, clock.now())
        return made[1]


async def _stall(service: int, viewers: int) -> float | None:
    """Have all viewers stand still; how many MB the service has more after some seconds."""
    before = memory_mb(service)
    os.kill(viewers, signal.SIGSTOP)
    try:
        await asyncio.sleep(_STALL_S)
        after = memory_mb(service)
    finally:
        os.kill(viewers, signal.SIGCONT)
    return None if before is None or after is None else after - before
