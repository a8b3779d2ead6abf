"""Where a camera's latest frame waits for the pipeline. Filled by the supervisor, on the loop."""

import asyncio

from streamer.domain.frame import Frame


class LatestFrameMailbox:
    """Holds one frame: a newer one replaces it, and the replaced one is released and counted.

    Recognition wants the present; a queue of old frames would only show where people were. All
    methods belong to the event loop's thread; several consumers may wait, each frame goes to one.
    """

    def __init__(self) -> None:
        self._frame: Frame | None = None
        self._closed = False
        self._waiters: set[asyncio.Future[None]] = set()
        self._dropped = 0
        self._taken = 0

    @property
    def dropped(self) -> int:
        """Frames nobody took before a newer one came."""
        return self._dropped

    @property
    def taken(self) -> int:
        """Frames handed out."""
        return self._taken

    def put(self, frame: Frame) -> None:
        """Offer a frame; after `close` it is released at once."""
        if self._closed:
            frame.release()
            return
        if self._frame is not None:
            self._dropped += 1
            self._frame.release()
        self._frame = frame
        self._wake()

    async def get(self) -> Frame | None:
        """Wait for the latest frame, which the caller must release; None when closed."""
        while self._frame is None:
            if self._closed:
                return None
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)
        frame, self._frame = self._frame, None
        self._taken += 1
        return frame

    def close(self) -> None:
        """Release what is held and send every waiter away; calling it again is harmless."""
        self._closed = True
        if self._frame is not None:
            self._frame.release()
            self._frame = None
        self._wake()

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
