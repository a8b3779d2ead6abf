"""Waits on the event loop until a descriptor can be read. Used for sockets and process handles."""

import asyncio


async def readable(descriptor: int, timeout_s: float, stop: asyncio.Event) -> bool:
    """Whether `descriptor` can be read before the time-out, and before `stop` is set."""
    readiness = Readiness(descriptor)
    try:
        return await readiness.wait(timeout_s, stop)
    finally:
        readiness.close()


class Readiness:
    """One descriptor that is waited for again and again: no task is made for each wait.

    Use it on the event loop's thread; one waits at a time.
    """

    def __init__(self, descriptor: int) -> None:
        """Keep the descriptor; nothing is registered between the waits."""
        self._descriptor = descriptor
        self._stop: asyncio.Event | None = None
        self._stopped: asyncio.Task[bool] | None = None
        self._waiter: asyncio.Future[bool] | None = None

    async def wait(self, timeout_s: float, stop: asyncio.Event) -> bool:
        """Whether it can be read before the time-out, and before `stop` is set."""
        loop = asyncio.get_running_loop()
        if stop is not self._stop:
            self.close()
            self._stop, self._stopped = stop, loop.create_task(stop.wait())
            self._stopped.add_done_callback(self._end)
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiter = waiter
        if stop.is_set():
            self._wake(readable=False)
        timer = loop.call_later(timeout_s, lambda: self._wake(readable=False))
        loop.add_reader(self._descriptor, lambda: self._wake(readable=True))
        try:
            return await waiter
        finally:
            timer.cancel()
            loop.remove_reader(self._descriptor)

    def close(self) -> None:
        """Follow `stop` no longer; harmless to call again."""
        if self._stopped is not None:
            self._stopped.cancel()
        self._stop = self._stopped = None

    def _end(self, stopped: asyncio.Task[bool]) -> None:
        if stopped is self._stopped:
            self._wake(readable=False)

    def _wake(self, *, readable: bool) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(readable)
