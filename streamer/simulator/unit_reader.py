"""Reading pictures from the event loop. The only crossing between it and blocking FFmpeg."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Executor
from itertools import islice
from threading import Lock

from streamer.simulator.access_unit import AccessUnit

_BATCH = 16
"""Pictures read at once; with the batch being sent, all that one client holds in memory."""


class UnitReader:
    """Hands out the pictures of a blocking iterator in batches."""

    def __init__(self, units: Iterator[AccessUnit], executor: Executor) -> None:
        self._executor = executor
        self._units = units
        # A read may still be under way in its thread when its task was cancelled.
        self._lock = Lock()
        self._closed = False

    async def batch(self) -> tuple[AccessUnit, ...]:
        """The next pictures; empty at the end.

        Raises:
            InputError: A file can no longer be opened.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._read)

    def close(self) -> None:
        """Close the file as soon as no read is under way; does not wait."""
        self._executor.submit(self._close)

    def _read(self) -> tuple[AccessUnit, ...]:
        with self._lock:
            return () if self._closed else tuple(islice(self._units, _BATCH))

    def _close(self) -> None:
        with self._lock:
            self._closed = True
            del self._units
