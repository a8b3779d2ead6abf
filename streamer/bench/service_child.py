"""`python -m streamer.bench.service_child`: the service as `kirdi run` runs it, measured.

A process of its own, so that its CPU time and memory are the service's and nothing else's.
"""

import asyncio
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from config.settings import Settings
from streamer.app import run_service
from streamer.bench.child import plain_last_words, read_request, send_answer, stop_with_parent
from streamer.bench.figures import ServiceSample
from streamer.bench.gauge import Gauge
from streamer.clock import SystemClock
from streamer.hardening import forbid_core_dumps
from streamer.log import configure_logging

START_S: Final = 60.0
SETTLE_S: Final = 4.0


@dataclass(frozen=True)
class ServiceRequest:
    """What the measured service is told.

    Attributes:
        settings: The settings, as their file would hold them.
        home: The throwaway home folder.
        seconds: How long to measure, from the moment that all cameras stream.
        servers: Pids of the embedded servers.
        settle_s: From the first frames to the measurement.
        linger_s: How long it lives on after it.
    """

    settings: dict[str, object]
    home: Path
    seconds: float
    servers: tuple[int, ...]
    settle_s: float = SETTLE_S
    linger_s: float = 0.0


async def measure(request: ServiceRequest) -> ServiceSample | None:
    """Run the service for the measurement; None when told to end before it was over.

    Raises:
        KirdiError: The service cannot start, dies, or a camera does not stream.
    """
    settings = Settings.model_validate(request.settings)
    clock, stop, ended = SystemClock(), asyncio.Event(), asyncio.Event()
    stop_with_parent(ended)
    gauge = Gauge(clock, request.servers)
    service = asyncio.create_task(run_service(settings, request.home, clock, stop, gauge))
    measuring = asyncio.create_task(_sample(gauge, clock, request, ended))
    try:
        await asyncio.wait({service, measuring}, return_when=asyncio.FIRST_COMPLETED)
        if not measuring.done():
            measuring.cancel()
            await service  # its own error says why it ended
            return None
        return measuring.result()
    finally:
        stop.set()
        await asyncio.wait({service})
        service.result()


async def _sample(
    gauge: Gauge, clock: SystemClock, request: ServiceRequest, ended: asyncio.Event
) -> ServiceSample | None:
    await gauge.all_streaming(START_S)
    await clock.sleep(request.settle_s, ended)
    sample = await gauge.sample(request.seconds, ended)
    await clock.sleep(request.linger_s, ended)
    return None if ended.is_set() else sample


def main() -> None:
    """Measure what the request asks for."""
    forbid_core_dumps()
    configure_logging(level="info")
    request = TypeAdapter(ServiceRequest).validate_json(read_request())
    with plain_last_words():
        sample = asyncio.run(measure(request))
    if sample is not None:
        send_answer(TypeAdapter(ServiceSample).dump_json(sample))


if __name__ == "__main__":
    main()
