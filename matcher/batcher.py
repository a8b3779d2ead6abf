"""Collects single pieces of work from many coroutines into batches for one blocking function.

The matcher has one batcher per ONNX session: all cameras share it, so their faces share batches.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from matcher.errors import MatcherClosedError, MatcherError

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class _Request(Generic[Item, Result]):
    item: Item
    answer: asyncio.Future[Result]
    since: float = field(default=0.0)


class Batcher(Generic[Item, Result]):
    """Bounded, first come first served, one thread of its own.

    At most `queue_size` items wait; whoever comes later waits, in order, for room. A batch leaves
    when it is full or its oldest item has waited `max_wait_s`; while a batch runs, the next one
    gathers.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Sequence[Result]],
        *,
        name: str,
        max_batch: int,
        max_wait_s: float,
        queue_size: int = 64,
    ) -> None:
        """Describe the batcher; the thread and the task begin with the first item.

        Args:
            run: Blocking; called in the batcher's thread, one result per item, in order.
            name: Of the thread and in messages.
            max_batch: Most items per call.
            max_wait_s: Longest time an item waits for company.
            queue_size: Most items waiting.
        """
        if max_batch < 1 or queue_size < 1 or max_wait_s < 0:
            raise ValueError("max_batch and queue_size must be 1 or more, max_wait_s 0 or more")
        self._run = run
        self._name = name
        self._max_batch = max_batch
        self._max_wait_s = max_wait_s
        self._queue: deque[_Request[Item, Result]] = deque()
        self._room = asyncio.Semaphore(queue_size)
        self._changed = asyncio.Event()
        self._running: list[_Request[Item, Result]] = []
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """Items in the queue now; never more than `queue_size`."""
        return len(self._queue)

    async def submit(self, item: Item) -> Result:
        """Wait for room, then for the result.

        Cancelling it takes the item out of the queue; a batch already running goes on for the
        others.

        Raises:
            MatcherClosedError: The batcher is closed or was closed while this waited.
            Exception: What `run` raised for this item.
        """
        await self._take_room()
        loop = asyncio.get_running_loop()
        request: _Request[Item, Result] = _Request(item, loop.create_future(), loop.time())
        self._queue.append(request)
        self._changed.set()
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name=f"{self._name}-batcher")
        try:
            return await request.answer
        except asyncio.CancelledError:
            self._forget(request)
            raise

    async def close(self) -> None:
        """End every wait with MatcherClosedError, then wait for the batch that is running."""
        self._end()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await asyncio.to_thread(self._thread.shutdown, wait=True, cancel_futures=True)

    async def _take_room(self) -> None:
        self._raise_if_closed()
        await self._room.acquire()
        try:
            self._raise_if_closed()
        except MatcherClosedError:
            self._room.release()
            raise

    def _forget(self, request: _Request[Item, Result]) -> None:
        try:
            self._queue.remove(request)
        except ValueError:
            return  # it runs, or is done
        self._room.release()

    def _end(self) -> None:
        self._closed = True
        for request in (*self._running, *self._queue):
            if not request.answer.done():
                request.answer.set_exception(self._closed_error())
        self._queue.clear()
        self._room.release()  # each one waiting for room wakes the next

    async def _serve(self) -> None:
        try:
            while True:
                await self._gather()
                while self._queue and len(self._running) < self._max_batch:
                    self._running.append(self._queue.popleft())
                    self._room.release()
                await self._answer(self._running)
                self._running = []
        finally:
            self._end()  # whatever ends this task, nobody waits for ever

    async def _gather(self) -> None:
        """Return when a batch is full or its oldest item has waited long enough."""
        loop = asyncio.get_running_loop()
        while True:
            self._changed.clear()
            if len(self._queue) >= self._max_batch:
                return
            left = None
            if self._queue:
                left = self._queue[0].since + self._max_wait_s - loop.time()
                if left <= 0:
                    return
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                continue

    async def _answer(self, batch: Sequence[_Request[Item, Result]]) -> None:
        """Run a batch; if it fails, run its items one by one, so that only the faulty ones fail."""
        wanted = [request for request in batch if not request.answer.done()]
        if not wanted:
            return
        call = asyncio.wrap_future(
            self._thread.submit(self._run_checked, [request.item for request in wanted])
        )
        try:
            await asyncio.wait([call])
        finally:
            call.cancel()  # of no effect unless this task is being cancelled
        error = call.exception()
        if error is None:
            for request, result in zip(wanted, call.result(), strict=True):
                if not request.answer.done():
                    request.answer.set_result(result)
        elif len(wanted) > 1:
            for request in wanted:
                await self._answer([request])
        elif not wanted[0].answer.done():
            wanted[0].answer.set_exception(error)

    def _run_checked(self, items: Sequence[Item]) -> Sequence[Result]:
        results = self._run(items)
        if len(results) != len(items):
            raise MatcherError(f"{self._name}: {len(results)} results for {len(items)} items")
        return results

    def _raise_if_closed(self) -> None:
        if self._closed:
            raise self._closed_error()

    def _closed_error(self) -> MatcherClosedError:
        return MatcherClosedError(f"{self._name}: the matcher is shutting down; start it again")
