"""`python -m streamer.bench.console_child`: the service as `kirdi run` runs it, for its pages.

A process of its own, so that its CPU time and memory are the service's and nothing else's. It says
where it answers once it does, and runs until its standard input ends.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from config.settings import Settings
from streamer.app import run_service
from streamer.bench.child import plain_last_words, read_request, send_answer, stop_with_parent
from streamer.clock import SystemClock
from streamer.errors import KirdiError
from streamer.hardening import allow_descriptors, forbid_core_dumps
from streamer.log import configure_logging
from streamer.web.place import announced

START_S: Final = 120.0
_LOOK_S: Final = 0.2


@dataclass(frozen=True)
class ConsoleRequest:
    """What the measured service is told: its settings, and its throwaway home."""

    settings: dict[str, object]
    home: Path


async def serve(request: ConsoleRequest) -> None:
    """Run the service until told to end; raises KirdiError where it cannot start, or dies."""
    settings = Settings.model_validate(request.settings)
    stop = asyncio.Event()
    stop_with_parent(stop)
    clock = SystemClock()
    service = asyncio.create_task(run_service(settings, request.home, clock, stop))
    telling = asyncio.create_task(_tell(request.home, clock, stop))
    try:
        await asyncio.wait({service, telling}, return_when=asyncio.FIRST_COMPLETED)
        if not service.done():
            telling.result()
            await service
    finally:
        stop.set()
        await asyncio.wait({service, telling})
        service.result()


async def _tell(home: Path, clock: SystemClock, stop: asyncio.Event) -> None:
    until = clock.monotonic() + START_S
    while clock.monotonic() < until and not stop.is_set():
        place = announced(home)
        if place is not None and await _answers(str(place["url"])):
            send_answer(json.dumps({"url": place["url"], "pid": os.getpid()}).encode())
            return
        await clock.sleep(_LOOK_S, stop)
    if not stop.is_set():
        raise KirdiError("benchmark: the service does not answer")


async def _answers(url: str) -> bool:
    host, _, port = url.rpartition("/")[2].partition(":")
    try:
        async with asyncio.timeout(2.0):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(
                b"GET /api/v1/health HTTP/1.1\r\nHost: %b\r\n\r\n" % f"{host}:{port}".encode()
            )
            line = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return b"200" in line


def main() -> None:
    """Serve as the request asks for."""
    forbid_core_dumps()
    allow_descriptors()
    configure_logging(level="info")
    request = TypeAdapter(ConsoleRequest).validate_json(read_request())
    with plain_last_words():
        asyncio.run(serve(request))


if __name__ == "__main__":
    main()
