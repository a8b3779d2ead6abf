"""Days are written one behind: in order, all of them, and nothing goes on after a failure."""

import asyncio

import pytest

from streamer.reporting.overlap import OneBehind


class Writer:
    """Writes days when it is told to go on."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.done: list[int] = []
        self.go_on = asyncio.Event()

    async def write(self, day: int, error: Exception | None = None) -> None:
        self.begun.append(day)
        await self.go_on.wait()
        if error is not None:
            raise error
        self.done.append(day)


async def test_one_is_written_at_a_time_and_all_at_the_end() -> None:
    writer = Writer()
    async with OneBehind() as behind:
        await behind.begin(writer.write(1))
        second = asyncio.ensure_future(behind.begin(writer.write(2)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert (writer.begun, writer.done) == ([1], [])
        writer.go_on.set()
        await second
    assert writer.done == [1, 2]


@pytest.mark.parametrize("more", [False, True])
async def test_what_a_writing_raises_is_raised(more: bool) -> None:
    writer = Writer()
    writer.go_on.set()

    async def write() -> None:
        async with OneBehind() as behind:
            await behind.begin(writer.write(1, OSError("full")))
            if more:
                await behind.begin(writer.write(2))

    with pytest.raises(OSError, match="full"):
        await write()
    assert writer.done == []


async def test_a_failure_meanwhile_ends_the_writing() -> None:
    writer = Writer()

    async def write() -> None:
        async with OneBehind() as behind:
            await behind.begin(writer.write(1))
            await asyncio.sleep(0)
            raise ValueError("judged wrongly")

    with pytest.raises(ValueError, match="judged"):
        await write()
    writer.go_on.set()
    await asyncio.sleep(0)
    assert (writer.begun, writer.done) == ([1], [])
