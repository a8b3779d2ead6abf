"""`python -m streamer.bench.console_pages_child`: pages that follow the day, in their own process.

What they read keeps a core busy; that must neither delay whoever writes nor stand in the service's
figures. Answers once all of them follow, is then told what was committed when, and answers with
what was heard of it. Both sides share the machine's monotonic clock.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from streamer.bench.child import plain_last_words, read_request, send_answer
from streamer.bench.figures import percentile
from streamer.bench.following_page import BenchPage
from streamer.errors import KirdiError
from streamer.hardening import allow_descriptors, forbid_core_dumps


@dataclass(frozen=True)
class PagesRequest:
    """What is followed where: the service's URL, and a token for each page."""

    url: str
    tokens: tuple[str, ...]


@dataclass(frozen=True)
class PagesHeard:
    """What came of it; delays in milliseconds, over all pages and events.

    Attributes:
        heard: Rows, one for each event and page that had it.
        cut: Pages that were cut off as too slow, or had to read the day anew.
    """

    heard: int
    p50_ms: float
    p95_ms: float
    most_ms: float
    cut: int


async def follow(request: PagesRequest) -> None:
    """Follow until told what there was to hear; raises KirdiError."""
    heard: dict[str, list[float]] = defaultdict(list)
    pages = [
        BenchPage(request.url, token, lambda key, at: heard[key].append(at))
        for token in request.tokens
    ]
    async with _following(pages):
        send_answer(json.dumps({"pages": len(pages)}).encode())
        line = await asyncio.to_thread(read_request)
        if not line:
            return
        told = _heard(json.loads(line), heard, sum(page.cut for page in pages))
        send_answer(TypeAdapter(PagesHeard).dump_json(told))


def _heard(
    committed: Mapping[str, float], heard: Mapping[str, Sequence[float]], cut: int
) -> PagesHeard:
    delays = [1000 * (at - moment) for key, moment in committed.items() for at in heard[key]]
    return PagesHeard(
        heard=len(delays),
        p50_ms=percentile(delays, 0.5) or 0.0,
        p95_ms=percentile(delays, 0.95) or 0.0,
        most_ms=percentile(delays, 1.0) or 0.0,
        cut=cut,
    )


@asynccontextmanager
async def _following(pages: Sequence[BenchPage]) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        tasks = []
        for page in pages:
            ready = asyncio.Event()
            task = asyncio.create_task(page.run(ready))
            stack.push_async_callback(_ended, task)
            waiting = asyncio.create_task(ready.wait())
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if task.done():
                task.result()
                raise KirdiError("benchmark: a page was not served")
            tasks.append(task)
        yield


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def main() -> None:
    """Follow as the request asks for."""
    forbid_core_dumps()
    allow_descriptors()
    with plain_last_words():
        request = TypeAdapter(PagesRequest).validate_json(read_request())
        asyncio.run(follow(request))


if __name__ == "__main__":
    main()
