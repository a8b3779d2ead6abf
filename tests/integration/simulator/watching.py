"""Playing a camera with FFmpeg and noting what came, for the tests of its faults."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import av
import numpy as np
import pytest
from av import VideoFrame

Transport = Literal["tcp", "udp"]

OPTIONS = {
    "timeout": "1000000",
    "analyzeduration": "500000",
    "probesize": "100000",
    "allowed_media_types": "video",
}


@dataclass
class Seen:
    """What a client got: one entry a frame, and the error that ended it."""

    codec: str | None = None
    announced_width: int = 0
    times: list[float | None] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)
    lights: list[float] = field(default_factory=list)
    contrasts: list[float] = field(default_factory=list)
    error: type[Exception] | None = None


def watch(
    url: str,
    transport: Transport = "tcp",
    seconds: float = 20.0,
    frames: int = 1_000_000,
    ca_file: Path | None = None,
    stop: threading.Event | None = None,
    seen: Seen | None = None,
) -> Seen:
    """Play until the stream, the seconds or the frames end, or `stop` is set."""
    seen = Seen() if seen is None else seen
    options = OPTIONS | {"rtsp_transport": transport}
    if ca_file is not None:
        options |= {"tls_verify": "1", "ca_file": str(ca_file)}
    until = time.monotonic() + seconds
    try:
        with av.open(url, options=options, timeout=(10, 10)) as container:
            stream = container.streams.video[0]
            seen.codec = stream.codec_context.name
            seen.announced_width = stream.codec_context.width
            for frame in container.decode(stream):
                _note(seen, frame)
                if len(seen.widths) >= frames or time.monotonic() > until:
                    break
                if stop is not None and stop.is_set():
                    break
    except (av.error.FFmpegError, OSError, IndexError, AttributeError) as error:
        seen.error = type(error)
    return seen


def _note(seen: Seen, frame: VideoFrame) -> None:
    grey = np.asarray(frame.to_ndarray(format="gray"), dtype=np.float32)
    seen.times.append(frame.time)
    seen.widths.append(frame.width)
    seen.lights.append(float(grey.mean()))
    seen.contrasts.append(float(grey.std()))


async def watched(
    url: str,
    transport: Transport = "tcp",
    frames: int = 1_000_000,
    ca_file: Path | None = None,
) -> Seen:
    """`watch`, beside the event loop the camera needs."""
    return await asyncio.to_thread(watch, url, transport, frames=frames, ca_file=ca_file)


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition, ten seconds at most."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"never: {what}")
