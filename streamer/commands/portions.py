"""Reads a large file beside the event loop, a portion at a time. Used by importing commands."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

Item = TypeVar("Item")


async def in_turn(items: Iterator[Item]) -> AsyncIterator[Item]:
    """Yield what a blocking iterator yields; each is worked out in a thread, when asked for."""
    while (item := await asyncio.to_thread(next, items, None)) is not None:
        yield item
