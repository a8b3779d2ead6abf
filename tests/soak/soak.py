"""The soak: many cameras, half of them cut off again and again, and what that leaves behind."""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from streamer.simulator.server import CameraSimulator
from tests.harness.service_process import Event, ServiceProcess
from tests.harness.usage import Usage, growth_mb, private_mb, slope_mb_h, usage_of
from tests.soak.cutting_proxy import CuttingProxy
from tests.soak.findings import START_S, Findings
from tests.video import make_video

_CUT_AFTER_S = 1.0
_ANALYSE_FPS = 5.0
_LOOK_S = 2.0
_SETTLE_S = 2.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One look: the service, its healthy cameras' decoders on average, and their frames."""

    service: Usage
    decoder_mb: float
    frames: tuple[int, ...]


@dataclass
class Soak:
    """Runs a service's ingest for some minutes.

    Attributes:
        cameras: How many; every second one is cut off.
        minutes: How long, after all have streamed once.
    """

    cameras: int
    minutes: float
    on_sample: Callable[[str], None] = field(default=lambda _: None)
    _samples: list[Sample] = field(default_factory=list)
    _pids: dict[str, int] = field(default_factory=dict)
    _pictured: set[str] = field(default_factory=set)

    async def run(self) -> Findings:
        """Run to the end.

        Raises:
            ServiceDiedError: The service crashed, or fell silent.
        """
        shared = _shared_names()
        service = ServiceProcess(self._note)
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            make_video(folder / "lobby.mp4", size=(320, 240), fps=10, seconds=4)
            source = CameraSimulator([folder / "lobby.mp4"], port=0, loop=True)
            await stack.enter_async_context(source)
            port = int(source.url.split(":")[2].partition("/")[0])
            proxy = await stack.enter_async_context(CuttingProxy(port, _CUT_AFTER_S))
            began = time.monotonic()
            ports = [proxy.port if number % 2 else port for number in range(self.cameras)]
            await service.start([_camera(*numbered) for numbered in enumerate(ports)], hasty=False)
            try:
                all_streaming_s = await self._all_streaming(service, began)
                await asyncio.sleep(_SETTLE_S)
                await self._look_on(service)
                children = psutil.Process(service.pid).children(recursive=True)
                stop_s = await service.stop()
            finally:
                await service.kill()
            left = len(psutil.wait_procs(children, timeout=1)[1])
        reconnects = sum(row.restarts for row in service.rows.values())
        return self._findings(
            all_streaming_s=all_streaming_s,
            reconnects=reconnects,
            cuts=proxy.cuts,
            longest_lag_s=service.longest_lag_s,
            stop_s=stop_s,
            left_over=left,
            left_in_shm=len(_shared_names() - shared),
        )

    def _note(self, event: Event) -> None:
        match event.event:
            case "started":
                self._pids[event.camera] = int(event.text)
            case "picture":
                self._pictured.add(event.camera)

    async def _all_streaming(self, service: ServiceProcess, began: float) -> float | None:
        while time.monotonic() - began < 2 * START_S:
            service.check(silence_s=10)
            if len(self._pictured) == self.cameras:
                return time.monotonic() - began
            await asyncio.sleep(0.1)
        return None

    async def _look_on(self, service: ServiceProcess) -> None:
        until = time.monotonic() + self.minutes * 60
        while time.monotonic() < until:
            service.check(silence_s=10)
            healthy = [_name(number) for number in range(0, self.cameras, 2)]
            sizes = []
            for name in healthy:
                with suppress(psutil.NoSuchProcess):
                    sizes.append(private_mb(self._pids[name]))
            frames = tuple(service.rows[name].analysed for name in healthy)
            sample = Sample(usage_of(service.pid), sum(sizes) / max(1, len(sizes)), frames)
            self._samples.append(sample)
            reconnects = sum(row.restarts for row in service.rows.values())
            self.on_sample(
                f"{until - time.monotonic():5.0f} s left, {reconnects} reconnects, service "
                f"{sample.service.private_mb:.1f} MB, a decoder {sample.decoder_mb:.1f} MB"
            )
            await asyncio.sleep(_LOOK_S)

    def _findings(
        self,
        *,
        all_streaming_s: float | None,
        reconnects: int,
        cuts: int,
        longest_lag_s: float,
        stop_s: float,
        left_over: int,
        left_in_shm: int,
    ) -> Findings:
        usages = [sample.service for sample in self._samples]
        service = [(usage.at, usage.private_mb) for usage in usages]
        decoder = [(sample.service.at, sample.decoder_mb) for sample in self._samples]
        quarter = len(service) // 4
        return Findings(
            cameras=self.cameras,
            minutes=self.minutes,
            all_streaming_s=all_streaming_s,
            reconnects=reconnects,
            cuts=cuts,
            frames=sum(self._samples[-1].frames),
            frames_share=self._frames_share(),
            service_mb=(service[0][1], service[-1][1]),
            service_growth_mb=growth_mb(service),
            service_slope_mb_h=slope_mb_h(service[quarter:]),
            decoder_mb=(decoder[0][1], decoder[-1][1]),
            decoder_growth_mb=growth_mb(decoder),
            decoder_slope_mb_h=slope_mb_h(decoder[quarter:]),
            descriptors=_first_and_last([usage.descriptors for usage in usages]),
            processes=_first_and_last([usage.children for usage in usages]),
            threads=_first_and_last([usage.threads for usage in usages]),
            longest_lag_s=longest_lag_s,
            stop_s=stop_s,
            left_over=left_over,
            left_in_shm=left_in_shm,
        )

    def _frames_share(self) -> float:
        """The worst healthy camera's share of the frames that were due to it."""
        first, last = self._samples[0], self._samples[-1]
        due = max(1.0, (last.service.at - first.service.at) * _ANALYSE_FPS)
        gained = [b - a for a, b in zip(first.frames, last.frames, strict=True)]
        return min(1.0, min(gained) / due)


def _camera(number: int, port: int) -> dict[str, object]:
    url = f"rtsp://127.0.0.1:{port}/stream"
    # Every due frame is to come: their number is what is judged.
    return {
        "id": _name(number),
        "url": url,
        "analyse_fps": _ANALYSE_FPS,
        "motion_gate": False,
    }


def _name(number: int) -> str:
    return f"camera-{number}"


def _first_and_last(values: Sequence[int]) -> tuple[int, int]:
    """The most in the first quarter, and in the last: cut connections come and go in between."""
    quarter = max(1, len(values) // 4)
    return max(values[:quarter]), max(values[-quarter:])


def _shared_names() -> set[str]:
    """What lies in /dev/shm, PostgreSQL servers of the system's own apart: ours use none."""
    return {name for name in os.listdir("/dev/shm") if not name.startswith("PostgreSQL.")}
