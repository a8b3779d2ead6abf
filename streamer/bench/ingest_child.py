"""`python -m streamer.bench.ingest_child`: cameras without anything behind their mailboxes.

A process of its own, so that its CPU time and memory, with its decoders', are ingest's alone. The
frames are taken out of the mailboxes and released at once, as by a service with time to spare that
follows a face in each of them: then no due frame is left out.
"""

import asyncio
import os
from typing import Final

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from config.settings import Camera
from streamer.bench.child import plain_last_words, read_request, send_answer, stop_with_parent
from streamer.bench.ingest_figures import IngestSample
from streamer.bench.process_usage import descendants, family_cpu_seconds, memory_mb
from streamer.clock import SystemClock
from streamer.errors import KirdiError
from streamer.hardening import forbid_core_dumps
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.ingest.supervisor import CameraSupervisor
from streamer.log import configure_logging

START_S: Final = 60.0
SETTLE_S: Final = 3.0
_STOP_S: Final = 6.0
_FOLLOWED_S: Final = 3.0


@dataclass(frozen=True)
class IngestRequest:
    """What is to be measured.

    Attributes:
        cameras: Each camera's settings, as the settings file would hold them.
        seconds: How long to measure, once all cameras deliver frames.
    """

    cameras: list[dict[str, object]]
    seconds: float


class _Watched:
    """One camera, and what is noted of its frames."""

    def __init__(self, camera: Camera, clock: SystemClock) -> None:
        self._clock = clock
        self.mailbox = LatestFrameMailbox()
        self.supervisor = CameraSupervisor(camera, clock, self.mailbox, lambda _: None)
        self.began = clock.monotonic()
        self.first = asyncio.Event()
        self.first_frame_s = 0.0
        self.latencies_s: list[float] = []

    async def take(self) -> None:
        """Take frames until the mailbox is closed."""
        while (frame := await self.mailbox.get()) is not None:
            now = self._clock.monotonic()
            self.latencies_s.append(now - frame.received_at)
            frame.release()
            self.supervisor.hold(_FOLLOWED_S)
            if not self.first.is_set():
                self.first_frame_s = now - self.began
                self.first.set()


async def measure(request: IngestRequest) -> IngestSample | None:
    """Run the cameras; None when told to end before the measurement was over.

    Raises:
        KirdiError: A camera delivers nothing.
    """
    clock, stop = SystemClock(), asyncio.Event()
    stop_with_parent(stop)
    cameras = [_Watched(Camera.model_validate(one), clock) for one in request.cameras]
    tasks = [asyncio.create_task(one.supervisor.run(stop)) for one in cameras]
    tasks += [asyncio.create_task(one.take()) for one in cameras]
    try:
        async with asyncio.timeout(START_S):
            for one in cameras:
                await one.first.wait()
        await clock.sleep(SETTLE_S, stop)
        sample = await _sample(cameras, clock, request.seconds, stop)
        return None if stop.is_set() else sample
    except TimeoutError as error:
        reasons = {one.supervisor.state.reason for one in cameras} - {""}
        raise KirdiError(
            f"benchmark: not all cameras deliver after {START_S:.0f} s "
            f"({'; '.join(sorted(reasons)) or 'no frame yet'}); try fewer"
        ) from error
    finally:
        stop.set()
        await asyncio.wait(tasks, timeout=_STOP_S)


async def _sample(
    cameras: list[_Watched], clock: SystemClock, seconds: float, stop: asyncio.Event
) -> IngestSample:
    for one in cameras:
        one.latencies_s.clear()
    before, began, cpu_s = [one.supervisor.state for one in cameras], clock.monotonic(), _cpu_s()
    await clock.sleep(seconds, stop)
    after, ended, used_s = [one.supervisor.state for one in cameras], clock.monotonic(), _cpu_s()
    decoders = [memory_mb(pid) for pid in descendants(os.getpid())]
    pairs = list(zip(before, after, strict=True))
    return IngestSample(
        seconds=ended - began,
        cpu_s=used_s - cpu_s,
        decoded=sum(now.decoded - then.decoded for then, now in pairs),
        analysed=sum(now.analysed - then.analysed for then, now in pairs),
        dropped=sum(now.dropped - then.dropped for then, now in pairs),
        restarts=sum(now.restarts - then.restarts for then, now in pairs),
        parent_mb=memory_mb(os.getpid()),
        decoders_mb=tuple(one for one in decoders if one is not None),
        latencies_s=tuple(latency for one in cameras for latency in one.latencies_s),
        first_frame_s=tuple(one.first_frame_s for one in cameras),
    )


def _cpu_s() -> float:
    return family_cpu_seconds(os.getpid())


def main() -> None:
    """Measure what the request asks for."""
    forbid_core_dumps()
    configure_logging(level="info")
    request = TypeAdapter(IngestRequest).validate_json(read_request())
    with plain_last_words():
        sample = asyncio.run(measure(request))
    if sample is not None:
        send_answer(TypeAdapter(IngestSample).dump_json(sample))


if __name__ == "__main__":
    main()
