"""What has to be written in the same transaction as somebody else's write.

The API's idempotency keys are marked so (`storage.idempotency`): that a write was made and that it
was made for this key are committed together, though the store that writes knows nothing of keys.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Write = Callable[[Any], Awaitable[None]]


class _Alongside:
    """Closed once its request is over: a task that was begun meanwhile may live on."""

    __slots__ = ("write",)

    def __init__(self, write: Write) -> None:
        self.write: Write | None = write


_current: ContextVar[_Alongside | None] = ContextVar("alongside", default=None)


@contextmanager
def alongside(write: Write) -> Iterator[None]:
    """Have `write` called with the connection at the end of every transaction of this block.

    What it raises undoes the transaction.
    """
    one = _Alongside(write)
    token = _current.set(one)
    try:
        yield
    finally:
        one.write = None
        _current.reset(token)


@contextmanager
def apart() -> Iterator[None]:
    """Have nothing written with the transactions of this block: they are another matter."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


async def write_alongside(connection: Any) -> None:
    """Called by `Postgres.transaction` before it commits."""
    one = _current.get()
    if one is not None and one.write is not None:
        await one.write(connection)
