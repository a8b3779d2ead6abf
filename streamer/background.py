"""The service's background tasks: each has a name, and a dead one is seen. Used by `app`."""

import asyncio
from collections.abc import Collection, Coroutine

import structlog

from streamer.errors import KirdiError

log = structlog.get_logger(__name__)


class Background:
    """Tasks that must all live as long as the service, or until they are dismissed.

    A task that ends before it is told to, by itself or by an exception, ends the service: a camera
    that nobody watches any more, silently, is the worst fault this program could have.
    """

    def __init__(self) -> None:
        """Start without tasks."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._dismissed: set[asyncio.Task[None]] = set()
        self._dead: asyncio.Task[None] | None = None
        self._died = asyncio.Event()

    def start(self, name: str, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Begin a task, also while others are watched."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def dismiss(self, tasks: Collection[asyncio.Task[None]], timeout_s: float) -> None:
        """Wait for tasks that have just been told to end; from now on their end is no fault."""
        self._dismissed.update(tasks)
        await self._wait(tasks, timeout_s)

    async def watch(self, stop: asyncio.Event) -> None:
        """Wait until `stop` is set.

        Raises:
            KirdiError: A task ended first; its own error is the cause.
        """
        waits = [asyncio.create_task(event.wait()) for event in (stop, self._died)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
        if self._dead is not None and not stop.is_set():
            cause = None if self._dead.cancelled() else self._dead.exception()
            raise KirdiError(
                f"service: its task {self._dead.get_name()} ended by itself"
                + (f" ({cause})" if cause else "")
                + "; start the service again"
            ) from cause

    async def finish(self, timeout_s: float) -> None:
        """Wait for the tasks to end by themselves, then cancel those that did not."""
        await self._wait(tuple(self._tasks), timeout_s)
        self._tasks.clear()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task in self._dismissed:
            self._dismissed.discard(task)
            self._tasks.discard(task)
        elif self._dead is None:
            self._dead = task
            self._died.set()

    async def _wait(self, tasks: Collection[asyncio.Task[None]], timeout_s: float) -> None:
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=timeout_s)
        for task in late:
            log.warning("task cancelled", task=task.get_name(), after_s=timeout_s)
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                log.error("task failed while stopping", reason=str(outcome))
