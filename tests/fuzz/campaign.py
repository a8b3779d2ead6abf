"""A fuzz campaign: hostile cameras and a healthy one before a real supervisor and real decoders."""

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import psutil

from streamer.simulator.server import CameraSimulator
from tests.fuzz.corpus import Corpus
from tests.fuzz.episode import Episode, Kind
from tests.fuzz.episode_maker import EpisodeMaker
from tests.fuzz.lane import Lane
from tests.fuzz.verdict import Verdict
from tests.harness.service_process import Event, ServiceDiedError, ServiceProcess
from tests.harness.usage import Usage, growth_mb, slope_mb_h, usage_of
from tests.video import make_video

LANES = 5
_OVER_UDP = 1
"""So many of the lanes."""
_HEALTHY = "healthy"
_HEALTHY_FPS = 5.0
_LOOK_S = 0.5
# So many of a hundred inputs; where damage costs a connection each there are fewer.
_SHARES = {Kind.RTSP: 30, Kind.SDP: 10, Kind.RTP: 30, Kind.STREAM: 30}
# A conversation carries one description, but dozens of packets.
_WEIGHTS = {Kind.RTSP: 35, Kind.SDP: 50, Kind.RTP: 5, Kind.STREAM: 10}


class Campaign:
    """Sends so many mutated inputs to decoders of a service, and looks on."""

    def __init__(self, inputs: int, seed: int, folder: Path, batch: int = 25) -> None:
        """Make a campaign; nothing is started.

        The seed decides each episode; which of them are played depends on how far earlier ones got.

        Args:
            inputs: Mutated messages, descriptions, packets and access units in all.
            seed: Decides every one of them.
            folder: Where episodes that killed or hung a decoder are written.
            batch: Hostile conversations before a decoder must show a sound camera again.
        """
        corpus = Corpus.load()
        self._maker = EpisodeMaker(corpus, seed)
        self._verdict = Verdict()
        self._goals = {kind: inputs * share // 100 for kind, share in _SHARES.items()}
        self._kinds = random.Random(seed)
        self._drawn = 0
        self._usages: list[Usage] = []
        sound = self._maker.make(0, Kind.SOUND)
        self._lanes = [
            Lane(
                f"hostile-{number}",
                self._draw,
                sound,
                self._verdict,
                folder,
                batch,
                "udp" if number < _OVER_UDP else "tcp",
            )
            for number in range(LANES)
        ]
        self._service = ServiceProcess(self._note)

    @property
    def sent(self) -> Counter[Kind]:
        """Inputs sent so far."""
        total: Counter[Kind] = Counter()
        for lane in self._lanes:
            total += lane.camera.sent
        return total

    @property
    def service_pid(self) -> int:
        """The service's process, once it has been started."""
        return self._service.pid

    async def run(self, progress: bool = False) -> Verdict:
        """Run to the end, or until the service dies of it."""
        began = time.monotonic()
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            make_video(folder / "healthy.mp4", fps=15, seconds=4)
            healthy = CameraSimulator([folder / "healthy.mp4"], port=0, loop=True)
            await stack.enter_async_context(healthy)
            for lane in self._lanes:
                await stack.enter_async_context(lane.camera)
            await self._service.start(list(self._cameras(healthy.url)), hasty=True)
            try:
                await self._watch(began, progress=progress)
                await self._finish()
            except ServiceDiedError as error:
                self._verdict.crash = str(error)
                for lane in self._lanes:
                    lane.keep(f"in play when {error}")
                await self._service.kill()
        self._sum_up(time.monotonic() - began)
        return self._verdict

    def _cameras(self, healthy_url: str) -> Iterator[dict[str, object]]:
        hasty: dict[str, object] = {"connect_timeout_s": 1.5, "stall_timeout_s": 1.5}
        # Every due frame is to come: its number is what is judged.
        always: dict[str, object] = {"motion_gate": False}
        yield {"id": _HEALTHY, "url": healthy_url, "analyse_fps": _HEALTHY_FPS} | always
        for lane in self._lanes:
            camera = {"id": lane.name, "url": lane.camera.url, "transport": lane.transport}
            yield camera | always | hasty | {"analyse_fps": 25.0}

    async def _watch(self, began: float, *, progress: bool) -> None:
        """Look on until every lane is done.

        Raises:
            ServiceDiedError: The service is gone or silent.
        """
        told_at = began
        healthy_since: tuple[float, int] | None = None
        while not all(lane.done.is_set() for lane in self._lanes):
            await asyncio.sleep(_LOOK_S)
            self._service.check()
            with suppress(psutil.NoSuchProcess):  # then the next check says so
                self._usages.append(usage_of(self._service.pid))
            for lane in self._lanes:
                lane.check()
            now = time.monotonic()
            row = self._service.rows.get(_HEALTHY)
            if row is not None and row.analysed:
                healthy_since = healthy_since or (now, row.analysed)
                expected = (now - healthy_since[0]) * _HEALTHY_FPS
                share = (row.analysed - healthy_since[1]) / max(expected, 1.0)
                self._verdict.healthy_share = min(1.0, share)
            if progress and now - told_at >= 10:
                told_at = now
                print(f"{now - began:6.0f} s  {self.sent.total():6d} inputs", flush=True)

    async def _finish(self) -> None:
        children = psutil.Process(self._service.pid).children(recursive=True)
        await self._service.stop()
        self._verdict.left_over = len(psutil.wait_procs(children, timeout=2)[1])

    def _draw(self) -> Episode | None:
        """The next hostile episode, of a kind that still lacks inputs."""
        sent = self.sent
        if all(sent[kind] >= goal for kind, goal in self._goals.items()):
            return None
        while True:
            self._drawn += 1
            (kind,) = self._kinds.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
            if sent[kind] < self._goals[kind]:
                return self._maker.make(self._drawn, kind)

    def _note(self, event: Event) -> None:
        for lane in self._lanes:
            if lane.name == event.camera:
                lane.note(event)

    def _sum_up(self, seconds: float) -> None:
        verdict, usages = self._verdict, self._usages
        verdict.seconds = seconds
        verdict.inputs.update({kind.value: count for kind, count in self.sent.items()})
        verdict.datagrams = sum(lane.camera.datagrams for lane in self._lanes)
        verdict.longest_silence_s = self._service.longest_silence_s
        if not usages:
            return
        memory = [(usage.at, usage.private_mb) for usage in usages]
        settled = memory[len(memory) // 4 :]
        verdict.memory_mb = (settled[0][1], settled[-1][1])
        verdict.growth_mb = growth_mb(memory)
        verdict.slope_mb_h = slope_mb_h(settled)
        quarter = max(1, len(usages) // 4)
        first, last = usages[quarter : 2 * quarter] or usages, usages[-quarter:]
        verdict.descriptors = (
            max(usage.descriptors for usage in first),
            max(usage.descriptors for usage in last),
        )
