"""The service's background tasks: each has a name, and a dead one is seen. Used by `app`."""

import asyncio
from collections.abc import Coroutine

import structlog

from streamer.errors import KirdiError

log = structlog.get_logger(__name__)


class Background:
    """Tasks that must all live as long as the service.

    A task that ends before it is told to, by itself or by an exception, ends the service: a camera
    that nobody watches any more, silently, is the worst fault this program could have.
    """

    def __init__(self) -> None:
        """Start without tasks."""
        self._tasks: dict[asyncio.Task[None], str] = {}

    def start(self, name: str, work: Coroutine[None, None, None]) -> None:
        """Begin a task."""
        self._tasks[asyncio.create_task(work, name=name)] = name

    async def watch(self, stop: asyncio.Event) -> None:
        """Wait until `stop` is set.

        Raises:
            KirdiError: A task ended first; its own error is the cause.
        """
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait(
                {stopping, *self._tasks}, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            stopping.cancel()
        for task, name in self._tasks.items():
            if task in done and not stop.is_set():
                cause = None if task.cancelled() else task.exception()
                raise KirdiError(
                    f"service: its task {name} ended by itself"
                    + (f" ({cause})" if cause else "")
                    + "; start the service again"
                ) from cause

    async def finish(self, timeout_s: float) -> None:
        """Wait for the tasks to end by themselves, then cancel those that did not."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=timeout_s)
        for task in late:
            log.warning("task cancelled", task=self._tasks[task], after_s=timeout_s)
            task.cancel()
        for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                log.error("task failed while stopping", reason=str(outcome))
        self._tasks.clear()
