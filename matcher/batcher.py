"""Collects single pieces of work from many coroutines into batches for one blocking function.

The matcher has one batcher per ONNX session: all cameras share it, so their faces share batches.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Sequence
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


@dataclass(slots=True, eq=False)
class _Line(Generic[Item, Result]):
    """What one source has waiting; gone when `callers`, who wait in it or for room, is 0."""

    room: asyncio.Semaphore
    queue: deque[_Request[Item, Result]] = field(default_factory=deque)
    callers: int = 0


class Batcher(Generic[Item, Result]):
    """Bounded, fair between sources, one thread of its own.

    Of each source `queue_size` items wait at most; what else it has waits, in order, for room.
    Batches take one item of each source in turn, so that one with a hundred items delays another's
    single one by a batch and not by all of them; each source's own items stay in order. A batch
    leaves when it is full or its oldest item has waited `max_wait_s`; while a batch runs, the next
    one gathers.
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
            queue_size: Most items waiting, of each source.
        """
        if max_batch < 1 or queue_size < 1 or max_wait_s < 0:
            raise ValueError("max_batch and queue_size must be 1 or more, max_wait_s 0 or more")
        self._run = run
        self._name = name
        self._max_batch = max_batch
        self._max_wait_s = max_wait_s
        self._queue_size = queue_size
        self._lines: dict[Hashable, _Line[Item, Result]] = {}  # the next one's turn first
        self._changed = asyncio.Event()
        self._running: list[_Request[Item, Result]] = []
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """Items in the queues now; never more than `queue_size` of each source."""
        return sum(len(line.queue) for line in self._lines.values())

    async def submit(self, item: Item, source: Hashable = None) -> Result:
        """Wait for room, then for the result.

        Cancelling it takes the item out of the queue; a batch already running goes on for the
        others.

        Args:
            item: What to run.
            source: Whose it is: sources take turns.

        Raises:
            MatcherClosedError: The batcher is closed or was closed while this waited.
            Exception: What `run` raised for this item.
        """
        self._raise_if_closed()
        line = self._lines.get(source)
        if line is None:
            line = self._lines[source] = _Line(asyncio.Semaphore(self._queue_size))
        line.callers += 1
        try:
            return await self._submit(item, line)
        finally:
            line.callers -= 1
            if not line.callers:
                del self._lines[source]

    async def _submit(self, item: Item, line: _Line[Item, Result]) -> Result:
        await line.room.acquire()  # given back where the item leaves the queue
        if self._closed:
            line.room.release()
            raise self._closed_error()
        loop = asyncio.get_running_loop()
        request: _Request[Item, Result] = _Request(item, loop.create_future(), loop.time())
        line.queue.append(request)
        self._changed.set()
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name=f"{self._name}-batcher")
        try:
            return await request.answer
        except asyncio.CancelledError:
            if request in line.queue:  # else it runs, or is done
                line.queue.remove(request)
                line.room.release()
            raise

    async def close(self) -> None:
        """End every wait with MatcherClosedError, then wait for the batch that is running."""
        self._end()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await asyncio.to_thread(self._thread.shutdown, wait=True, cancel_futures=True)

    def _end(self) -> None:
        self._closed = True
        lines = tuple(self._lines.values())
        for request in (*self._running, *(one for line in lines for one in line.queue)):
            if not request.answer.done():
                request.answer.set_exception(self._closed_error())
        for line in lines:
            line.queue.clear()
            line.room.release()  # each one waiting for room wakes the next

    async def _serve(self) -> None:
        try:
            while True:
                await self._gather()
                self._take()
                await self._answer(self._running)
                self._running = []
        finally:
            self._end()  # whatever ends this task, nobody waits for ever

    def _take(self) -> None:
        """Fill the batch: one item of each source in turn, until it is full or nothing waits."""
        while len(self._running) < self._max_batch:
            turn = next(((source, one) for source, one in self._lines.items() if one.queue), None)
            if turn is None:
                return
            source, line = turn
            self._lines[source] = self._lines.pop(source)  # all others before its next turn
            self._running.append(line.queue.popleft())
            line.room.release()

    async def _gather(self) -> None:
        """Return when a batch is full or its oldest item has waited long enough."""
        loop = asyncio.get_running_loop()
        while True:
            self._changed.clear()
            if self.waiting >= self._max_batch:
                return
            left = None
            if self.waiting:
                oldest = min(line.queue[0].since for line in self._lines.values() if line.queue)
                left = oldest + self._max_wait_s - loop.time()
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
