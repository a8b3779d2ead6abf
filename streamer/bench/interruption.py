"""Ends a benchmark that is told to stop, so that everything it started is stopped and removed."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import TypeVar

from streamer.errors import KirdiError

_T = TypeVar("_T")


class InterruptedBenchmarkError(KirdiError):
    """Told to stop before the end."""

    def __init__(self, number: int) -> None:
        """Take the exit code that shells give to the signal: 129, 130 or 143."""
        super().__init__("benchmark: interrupted; nothing is left running")
        self.exit_code = 128 + number


async def uninterrupted(work: Coroutine[None, None, _T]) -> _T:
    """Do it, unless Ctrl-C, SIGTERM or the end of the terminal comes first.

    Raises:
        InterruptedBenchmarkError: It came.
    """
    task = asyncio.ensure_future(work)
    received: list[int] = []

    def end(number: int) -> None:
        received.append(number)
        if len(received) == 1:  # another one would cut short the clearing up
            task.cancel()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup has it ignored
        numbers.append(signal.SIGHUP)
    for number in numbers:
        asyncio.get_running_loop().add_signal_handler(number, end, number)
    try:
        return await task
    except asyncio.CancelledError as error:
        if not received:
            raise
        raise InterruptedBenchmarkError(received[0]) from error
