"""A decoder that follows a script instead of a camera, for tests of the supervisor."""

import asyncio
from collections.abc import Callable, Iterator

import numpy as np

from streamer.ingest.decoder_command import ForgetReference, Hold, Pace, Request
from streamer.ingest.decoder_process import Picture, Received
from streamer.ingest.packet_pipe import Sink
from streamer.ingest.protocol import Counters

Step = Received | Callable[[], Received | None] | None


class FakeDecoder:
    """Says one step of its script at each `receive`; a callable step is called first.

    After the last step it stays silent: `receive` then calls `on_silence`, which may advance a
    clock, and returns None.
    """

    def __init__(self, script: Iterator[Step], on_silence: Callable[[], None]) -> None:
        self._script = script
        self._on_silence = on_silence
        self.started = False
        self.stopped = False
        self.told: list[Hold | Pace | ForgetReference] = []
        self.memory: int | None = None
        self.sink: Sink | None = None

    def start(self) -> None:
        self.started = True

    async def receive(self, timeout_s: float, stop: asyncio.Event) -> Received | None:
        await asyncio.sleep(0)
        step = next(self._script, None)
        if step is None:
            self._on_silence()
            return None
        return step() if callable(step) else step

    def tell(self, command: Hold | Pace | ForgetReference) -> None:
        self.told.append(command)

    def view(self, sink: Sink) -> None:
        self.sink = sink

    def unview(self) -> None:
        self.sink = None

    def memory_bytes(self) -> int | None:
        return self.memory

    async def stop(self, hurry: asyncio.Event) -> None:
        self.stopped = True


class UnstartableDecoder(FakeDecoder):
    """There is no process to be had."""

    def start(self) -> None:
        raise OSError(24, "Too many open files")


def picture(decoded: int, release: Callable[[], None] = lambda: None) -> Picture:
    """A small black picture, the `decoded`-th frame of its connection."""
    return Picture(
        image=np.zeros((2, 2, 3), np.uint8),
        age_s=0.25,
        pts=None,
        counters=Counters(decoded=decoded),
        release=release,
    )


Decoders = Callable[[Request], FakeDecoder]
