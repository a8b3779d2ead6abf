"""One camera of kind kiosk: frame → QR code → redeemed. It knows nothing of faces.

`app` makes one per kiosk camera instead of a `CameraPipeline`: no detector, no embedder and no
gallery is handed to it, so none can run here.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final, Protocol

import structlog

from matcher.face import Image
from streamer.checkin.codes.claim import Claim, Redeemed
from streamer.clock import Clock
from streamer.domain.claim import Device
from streamer.domain.frame import Frame
from streamer.errors import KirdiError

log = structlog.get_logger(__name__)

_FORGET_S: Final = 10.0
"""A code held still is redeemed once; out of sight for so long it may be shown again."""
_RETRY_S: Final = 2.0
"""While the database is away, a code that is held still is tried so often."""
_MOST_REMEMBERED: Final = 64
_MOST_A_FRAME: Final = 4
"""Of a wall full of codes; nobody holds more before a kiosk."""


class FrameSource(Protocol):
    """Where a camera's frames come from."""

    async def get(self) -> Frame | None:
        """The latest frame not seen yet; None once the source is closed."""
        ...


class Redeemer(Protocol):
    """Takes codes."""

    async def redeem(self, claim: Claim, actors: tuple[()]) -> Redeemed:
        """Take one claim; raises KirdiError where it is not known what came of it."""
        ...


class KioskPipeline:
    """Reads what is held before the camera, at the pace at which frames come."""

    def __init__(
        self,
        device: Device,
        read: Callable[[Image], tuple[str, ...]],
        threads: Executor,
        redeemer: Redeemer,
        clock: Clock,
        shown: Callable[[Frame], None] = lambda _frame: None,
    ) -> None:
        """Keep the collaborators.

        Args:
            device: The camera, as a place where codes are redeemed.
            read: Finds the texts of QR codes in a picture; blocking.
            threads: Where it runs; shared by all kiosk cameras.
            redeemer: Takes the codes.
            clock: Says how long ago a code was seen.
            shown: Told of every picture, in which nobody looks for faces.
        """
        self._device = device
        self._read = read
        self._threads = threads
        self._redeemer = redeemer
        self._clock = clock
        self._shown = shown
        # When each text was last seen, and when it may be tried (again), oldest first.
        self._seen: dict[str, tuple[float, float]] = {}

    def bridge(self, max_gap_s: float) -> None:
        """Nobody is followed here, over whatever gaps."""

    async def run(self, frames: FrameSource) -> None:
        """Process frames until the source is closed."""
        while True:
            frame = await frames.get()
            if frame is None:
                return
            await self.process(frame)
            del frame

    async def process(self, frame: Frame) -> tuple[Redeemed, ...]:
        """Redeem what is new in one frame; releases it.

        Returns:
            What came of the codes that were tried, for tests and displays.
        """
        try:
            self._shown(frame)
            loop = asyncio.get_running_loop()
            texts = await loop.run_in_executor(self._threads, self._read, frame.image)
        finally:
            frame.release()
        done = []
        for text in texts[:_MOST_A_FRAME]:
            if self._is_new(text):
                redeemed = await self._redeem(text)
                if redeemed is not None:
                    done.append(redeemed)
        return tuple(done)

    def _is_new(self, text: str) -> bool:
        """Note that it is seen; True where it is to be tried."""
        now = self._clock.monotonic()
        seen = {key: one for key, one in self._seen.items() if now - one[0] < _FORGET_S}
        _, due_at = seen.pop(text, (now, now))
        new = now >= due_at
        seen[text] = (now, float("inf") if new else due_at)
        while len(seen) > _MOST_REMEMBERED:
            del seen[next(iter(seen))]
        self._seen = seen
        return new

    async def _redeem(self, text: str) -> Redeemed | None:
        try:
            return await self._redeemer.redeem(Claim(text, self._device), ())
        except KirdiError as error:
            log.warning("code waits", camera=self._device.device_id, reason=str(error))
            now = self._clock.monotonic()
            self._seen[text] = (now, now + _RETRY_S)
            return None
