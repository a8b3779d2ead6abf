"""Waiting for a descriptor: data, silence, and a stop, again and again."""

import asyncio
import os
from collections.abc import Iterator

import pytest

from streamer.ingest.readiness import Readiness, readable

LONG_S = 20.0
"""Nothing here waits for so long unless it is broken: the test would time out."""


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    yield read, write
    os.close(read)
    os.close(write)


async def test_data_is_noticed_at_every_wait_and_silence_too(pipe: tuple[int, int]) -> None:
    read, write = pipe
    readiness, stop = Readiness(read), asyncio.Event()
    for _ in range(3):
        assert not await readiness.wait(0.0, stop)
        os.write(write, b"x")
        assert await readiness.wait(LONG_S, stop)
        assert await readiness.wait(0.0, stop), "it was not read, so it is there still"
        os.read(read, 1)
    readiness.close()
    readiness.close()


async def test_what_comes_later_ends_a_wait(pipe: tuple[int, int]) -> None:
    read, write = pipe
    asyncio.get_running_loop().call_later(0.01, os.write, write, b"x")
    assert await readable(read, LONG_S, asyncio.Event())


async def test_a_stop_ends_a_wait_and_the_ones_after_it(pipe: tuple[int, int]) -> None:
    readiness, stop = Readiness(pipe[0]), asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, stop.set)
    assert not await readiness.wait(LONG_S, stop)
    assert not await readiness.wait(LONG_S, stop)
    readiness.close()


async def test_another_stop_replaces_the_one_before(pipe: tuple[int, int]) -> None:
    readiness, first, second = Readiness(pipe[0]), asyncio.Event(), asyncio.Event()
    assert not await readiness.wait(0.0, first)
    waiting = asyncio.create_task(readiness.wait(LONG_S, second))
    await asyncio.sleep(0)
    first.set()
    await asyncio.sleep(0.01)
    assert not waiting.done()
    second.set()
    assert not await waiting
    readiness.close()


async def test_a_cancelled_wait_leaves_nothing_behind(pipe: tuple[int, int]) -> None:
    read, write = pipe
    readiness, stop = Readiness(read), asyncio.Event()
    waiting = asyncio.create_task(readiness.wait(LONG_S, stop))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    os.write(write, b"x")
    assert await readiness.wait(LONG_S, stop)
    readiness.close()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
