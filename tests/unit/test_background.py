"""A background task that dies is seen."""

import asyncio

import pytest

from streamer.background import Background
from streamer.errors import KirdiError


async def test_a_task_that_fails_ends_the_watch() -> None:
    async def fail() -> None:
        raise ValueError("broken")

    background = Background()
    background.start("camera x", fail())
    background.start("other", asyncio.Event().wait())  # type: ignore[arg-type]
    with pytest.raises(KirdiError, match="camera x") as caught:
        await background.watch(asyncio.Event())
    assert isinstance(caught.value.__cause__, ValueError)
    await background.finish(0.01)


async def test_a_task_that_ends_by_itself_ends_the_watch() -> None:
    background = Background()
    background.start("gallery", asyncio.sleep(0))
    with pytest.raises(KirdiError, match="gallery"):
        await background.watch(asyncio.Event())


async def test_stopping_is_no_failure_and_late_tasks_are_cancelled() -> None:
    stop, ended = asyncio.Event(), []

    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("stubborn")

    background = Background()
    background.start("stubborn", stubborn())
    asyncio.get_running_loop().call_later(0.01, stop.set)
    await background.watch(stop)
    await background.finish(0.05)
    assert ended == ["stubborn"]


async def test_a_dismissed_task_may_end_and_the_others_may_not() -> None:
    stop, over, ended = asyncio.Event(), asyncio.Event(), []

    async def camera() -> None:
        await over.wait()
        ended.append("camera")

    background = Background()
    background.start("gallery", stop.wait())  # type: ignore[arg-type]
    watch = asyncio.create_task(background.watch(stop))
    await asyncio.sleep(0)
    task = background.start("camera x", camera())
    over.set()
    await background.dismiss([task], 1)
    await asyncio.sleep(0)
    assert ended == ["camera"]
    assert not watch.done()
    background.start("camera y", camera())
    with pytest.raises(KirdiError, match="camera y"):
        await asyncio.wait_for(watch, 1)
    stop.set()
    await background.finish(1)


async def test_a_dismissed_task_that_does_not_end_is_cancelled_and_no_fault() -> None:
    stop, background = asyncio.Event(), Background()
    watch = asyncio.create_task(background.watch(stop))
    task = background.start("stubborn", asyncio.sleep(60))
    await background.dismiss([task], 0.01)
    await asyncio.sleep(0)
    assert task.cancelled()
    stop.set()
    await asyncio.wait_for(watch, 1)
