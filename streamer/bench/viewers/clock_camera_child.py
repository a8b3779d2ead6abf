"""`python -m streamer.bench.viewers.clock_camera_child`: a camera that says when it plays.

Answers with its address, then with the wall time of each PLAY: that is when the clip's first frame
is sent, and the n-th follows at n frames' time.
"""

import asyncio
import json
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

from streamer.bench.child import plain_last_words, read_request, send_answer, stop_with_parent
from streamer.hardening import forbid_core_dumps
from streamer.simulator.server import CameraSimulator


def _tell(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    if event.get("event") == "simulator.playing":
        send_answer(json.dumps(time.time()).encode())
    raise structlog.DropEvent


async def serve(clip: Path) -> None:
    """Serve a clip over and over until the standard input ends."""
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
    structlog.configure(processors=[_tell])
    with plain_last_words():
        asyncio.run(serve(Path(json.loads(read_request()))))


if __name__ == "__main__":
    main()
