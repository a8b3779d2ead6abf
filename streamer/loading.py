"""Interruptions while a command loads. Used by `__main__` and by commands that load much."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def loading() -> Iterator[None]:
    """Meanwhile Ctrl-C and SIGTERM end the process at once, with one line.

    For imports, while there is nothing to clear away: an exception thrown into a half-done one
    becomes a traceback, or is lost.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, _leave) for number in numbers]
    # `scripts/demo` starts us with both held back, so that none hits the interpreter's own start.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> None:
    os.write(2, b"kirdi: interrupted before it began\n")
    os._exit(128 + number)
