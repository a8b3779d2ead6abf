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
