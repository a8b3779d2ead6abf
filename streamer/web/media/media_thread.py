"""The thread that sends live video: aiortc in an event loop of its own.

Twenty viewers of a keyframe are a thousand datagrams to encrypt. In the service's loop decisions
and pages would wait for that.
"""

import asyncio
import threading
import traceback
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog

from streamer.errors import KirdiError

log = structlog.get_logger(__name__)

_START_S: Final = 10.0
_STOP_S: Final = 3.0

T = TypeVar("T")


class MediaThread:
    """Started when somebody looks for the first time; ends with the service."""

    def __init__(self) -> None:
        """Make a handle; nothing runs."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def runs(self) -> bool:
        """Whether it has been started and lives."""
        return self._thread is not None and self._thread.is_alive()

    async def start(self) -> None:
        """Start it, if it does not run; raises KirdiError where that is impossible."""
        if self.runs:
            return
        loop, ready = asyncio.new_event_loop(), threading.Event()
        loop.set_exception_handler(_tell)

        def work() -> None:
            asyncio.set_event_loop(loop)
            loop.call_soon(ready.set)
            loop.run_forever()
            with suppress(RuntimeError):
                loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

        thread = threading.Thread(target=work, name="live media", daemon=True)
        self._loop, self._thread = loop, thread
        thread.start()
        if not await asyncio.to_thread(ready.wait, _START_S):
            raise KirdiError("live video: its thread does not start")

    async def do(self, work: Callable[[], Coroutine[Any, Any, T]], timeout_s: float) -> T:
        """Have something done in the thread, and wait for it.

        Raises:
            TimeoutError: It took too long; it is cancelled.
            KirdiError: The thread does not run.
        """
        loop = self._loop
        if loop is None or not self.runs:
            raise KirdiError("live video: it has been stopped")

        async def within() -> T:
            async with asyncio.timeout(timeout_s):
                return await work()

        future = asyncio.run_coroutine_threadsafe(within(), loop)
        try:
            # The thread's own time-out comes first, unless the thread hangs.
            async with asyncio.timeout(timeout_s + 1.0):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            future.cancel()
            raise

    def post(self, function: Callable[[], None]) -> None:
        """Have a function called in the thread, soon; nothing where it does not run."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(function)

    async def stop(self) -> None:
        """End it; what goes on in it is cancelled."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._loop = None

        def end() -> None:
            for task in asyncio.all_tasks(loop):
                task.cancel()
            # One turn for their last words.
            loop.call_later(0.05, loop.stop)

        with suppress(RuntimeError):
            loop.call_soon_threadsafe(end)
        await asyncio.to_thread(thread.join, _STOP_S)
        if thread.is_alive():
            log.warning("the thread of live video does not end")


def _tell(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What fails in the background there: where, and not in its own words (addresses)."""
    error = context.get("exception")
    if error is None:
        log.debug("live.background", what=str(context.get("message", "")))
        return
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    where = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
    log.warning("live.fault", kind=type(error).__name__, where=where)
