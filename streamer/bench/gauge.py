"""Reads the running service: its counters, its CPU time and memory, and how long check-ins took."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matcher.matcher import Matcher
from streamer.bench.figures import Runs, ServiceSample, Shape
from streamer.bench.process_usage import (
    ProcessUsage,
    cpu_seconds,
    descendants,
    idle_seconds,
    memory_mb,
    thread_cpu_seconds,
)
from streamer.checkin.delivery import CheckInWriter
from streamer.clock import Clock
from streamer.domain.camera_state import CameraStatus
from streamer.domain.check_in import CheckIn, Recorded
from streamer.errors import KirdiError
from streamer.ingest.supervisor import CameraSupervisor

_LOOK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class _Totals:
    at: float
    service_cpu_s: float
    decoders_cpu_s: float
    servers_cpu_s: float
    idle_s: float
    decoded: int
    analysed: int
    dropped: int
    restarts: int
    detector_runs: Mapping[Shape, int]
    embedder_runs: Mapping[Shape, int]
    live_cpu_s: float


class TimedWriter:
    """A check-in writer that remembers how long after its frame each check-in was committed."""

    def __init__(self, inner: CheckInWriter, clock: Clock) -> None:
        """Wrap the real one."""
        self._inner = inner
        self._clock = clock
        self.latencies_s: list[float] = []

    async def record(self, check_in: CheckIn) -> Recorded:
        """See `CheckInWriter`."""
        recorded = await self._inner.record(check_in)
        if recorded is Recorded.WRITTEN:
            self.latencies_s.append((self._clock.now() - check_in.occurred_at).total_seconds())
        return recorded


class Gauge:
    """The instruments that `run_service` is given."""

    def __init__(self, clock: Clock, servers: Sequence[int]) -> None:
        """Remember the pids of the embedded servers."""
        self._clock = clock
        self._servers = tuple(servers)
        self._shown = asyncio.Event()
        self._matcher: Matcher | None = None
        self._cameras: Sequence[CameraSupervisor] = ()
        self._writer: TimedWriter | None = None

    def watch(self, matcher: Matcher, cameras: Sequence[CameraSupervisor]) -> None:
        """See `streamer.instruments.Instruments`."""
        self._matcher, self._cameras = matcher, tuple(cameras)
        self._shown.set()

    def timed(self, writer: CheckInWriter) -> CheckInWriter:
        """See `streamer.instruments.Instruments`."""
        self._writer = TimedWriter(writer, self._clock)
        return self._writer

    async def all_streaming(self, timeout_s: float) -> None:
        """Wait until every camera delivers frames.

        Raises:
            KirdiError: One does not in time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._shown.wait()
                while any(one.state.status is not CameraStatus.STREAMING for one in self._cameras):
                    await self._clock.sleep(_LOOK_S, asyncio.Event())
        except TimeoutError as error:
            reasons = {one.state.reason for one in self._cameras} - {""}
            raise KirdiError(
                f"benchmark: not all cameras stream after {timeout_s:.0f} s "
                f"({'; '.join(sorted(reasons)) or 'no frame yet'}); try fewer"
            ) from error

    async def sample(self, seconds: float, stop: asyncio.Event) -> ServiceSample:
        """Measure for so long, or until stopped."""
        assert self._writer is not None
        before, seen = self._totals(), len(self._writer.latencies_s)
        await self._clock.sleep(seconds, stop)
        after, latencies = self._totals(), self._writer.latencies_s[seen:]
        decoders = [memory_mb(pid) for pid in descendants(os.getpid())]
        return ServiceSample(
            seconds=after.at - before.at,
            service_cpu_s=after.service_cpu_s - before.service_cpu_s,
            decoders_cpu_s=after.decoders_cpu_s - before.decoders_cpu_s,
            servers_cpu_s=after.servers_cpu_s - before.servers_cpu_s,
            idle_s=after.idle_s - before.idle_s,
            decoded=after.decoded - before.decoded,
            analysed=after.analysed - before.analysed,
            dropped=after.dropped - before.dropped,
            restarts=after.restarts - before.restarts,
            service_mb=memory_mb(os.getpid()),
            decoder_mb=max((one for one in decoders if one is not None), default=None),
            latencies_s=tuple(latencies),
            detector_runs=_grown(before.detector_runs, after.detector_runs),
            embedder_runs=_grown(before.embedder_runs, after.embedder_runs),
            live_cpu_s=after.live_cpu_s - before.live_cpu_s,
        )

    def _totals(self) -> _Totals:
        assert self._matcher is not None
        states = [camera.state for camera in self._cameras]
        detector_runs, embedder_runs = self._matcher.runs
        me = ProcessUsage.of(os.getpid())
        assert me is not None
        servers = {pid for server in self._servers for pid in (server, *descendants(server))}
        return _Totals(
            at=self._clock.monotonic(),
            service_cpu_s=me.own_s,
            decoders_cpu_s=cpu_seconds(descendants(os.getpid())) + me.reaped_s,
            servers_cpu_s=cpu_seconds(servers),
            idle_s=idle_seconds(),
            decoded=sum(state.decoded for state in states),
            analysed=sum(state.analysed for state in states),
            dropped=sum(state.dropped for state in states),
            restarts=sum(state.restarts for state in states),
            detector_runs=detector_runs,
            embedder_runs=embedder_runs,
            live_cpu_s=thread_cpu_seconds("live media"),
        )


def _grown(before: Mapping[Shape, int], after: Mapping[Shape, int]) -> Runs:
    return tuple(
        (shape, count - before.get(shape, 0))
        for shape, count in after.items()
        if count > before.get(shape, 0)
    )
