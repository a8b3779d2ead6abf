"""`python -m streamer.bench.camera_child`: the simulated camera, in a process of its own.

Its CPU time is the camera's, not the service's, so it must not be in the service's process.
"""

import asyncio
import json
from pathlib import Path

from streamer.bench.child import plain_last_words, read_request, send_answer, stop_with_parent
from streamer.hardening import forbid_core_dumps
from streamer.log import configure_logging
from streamer.simulator.server import CameraSimulator


async def serve(clip: Path) -> None:
    """Serve a clip over and over until the standard input ends; answers with the address."""
    stop = asyncio.Event()
    stop_with_parent(stop)
    simulator = CameraSimulator([clip], port=0, loop=True)
    await simulator.start()
    try:
        send_answer(json.dumps(simulator.urls[0]).encode())
        await stop.wait()
    finally:
        await simulator.stop()


def main() -> None:
    """Serve the clip that the request names."""
    forbid_core_dumps()
    configure_logging(level="warning")
    with plain_last_words():
        asyncio.run(serve(Path(json.loads(read_request()))))


if __name__ == "__main__":
    main()
